using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Serverless.Pipeline.Serving;

public static class ServingRegistration
{
    /// <summary>
    /// Serving: <see cref="PredictionService"/>, <see cref="ModelHost"/> and the worker that follows the aliases. Needs an
    /// <see cref="IServedModels"/>; the options come from section <c>Serving</c>.
    /// </summary>
    public static IServiceCollection AddServing(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<ServingOptions>().BindConfiguration(ServingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(provider => provider.GetRequiredService<Microsoft.Extensions.Options.IOptions<ServingOptions>>().Value);
        services.TryAddSingleton<ModelHost>();
        services.TryAddSingleton<PredictionService>();
        services.AddHostedService<ServingWorker>();
        return services;
    }
}
