using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Serverless.Pipeline.Streaming;

public static class StreamingRegistration
{
    /// <summary>Streaming: <see cref="StreamScorer"/> over serving's models. The options come from section <c>Streaming</c>.</summary>
    public static IServiceCollection AddStreaming(this IServiceCollection services)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<StreamingOptions>().BindConfiguration(StreamingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<StreamingOptions>>().Value);
        services.TryAddSingleton<StreamMetrics>();
        services.TryAddSingleton<DeadLetterStore>();
        services.TryAddSingleton<StreamScorer>();
        return services;
    }
}
