using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Serverless.Pipeline.Capacity;

public static class CapacityRegistration
{
    /// <summary><see cref="CapacityKeeper"/> over an <see cref="IScaleSets"/> of the caller's. The options come from section <c>Capacity</c>.</summary>
    public static IServiceCollection AddCapacity(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<CapacityOptions>().BindConfiguration(CapacityOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<CapacityOptions>>().Value);
        services.TryAddSingleton<CapacityKeeper>();
        return services;
    }
}
