using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Serverless.Pipeline.Monitoring;

public static class MonitoringRegistration
{
    /// <summary>Counts of predictions, their way to storage, and the judge of drift. Needs the services of the pipeline.</summary>
    public static IServiceCollection AddMonitoring(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<PredictionCounts>();
        services.TryAddSingleton(new InstanceName(RandomNumberGenerator.GetHexString(16, lowercase: true)));
        services.TryAddSingleton<CountStore>();
        services.TryAddSingleton<DriftReports>();
        services.TryAddSingleton<DriftMonitor>();
        services.TryAddSingleton<CountFlush>();
        services.AddHostedService(provider => provider.GetRequiredService<CountFlush>());
        return services;
    }
}
