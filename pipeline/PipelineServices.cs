using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline;

/// <summary>All stages as services.</summary>
public static class PipelineServices
{
    /// <summary>Adds storage, definitions, ingestion, jobs, evaluation and registry.</summary>
    /// <param name="services">Of the app.</param>
    /// <param name="configuration"><c>Storage</c> (see <see cref="StorageClients"/>) and the names of <see cref="PipelineOptions"/>.</param>
    public static IServiceCollection AddPipeline(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PipelineOptions>().Bind(configuration).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(PriceTable.FromConfiguration(configuration));
        services.TryAddSingleton(_ => StorageClients.FromConfiguration(configuration));
        services.AddSingleton<DefinitionStore>();
        services.AddSingleton<CodeStore>();
        services.AddSingleton<DatasetStore>();
        services.AddSingleton<DatasetIngestion>();
        services.AddSingleton<BatchQuarantine>();
        services.AddSingleton(provider => new BatchScoring(
            provider.GetRequiredService<StorageClients>(),
            provider.GetRequiredService<ModelRegistry>(),
            provider.GetRequiredService<TimeProvider>(),
            new BatchOptions
            {
                HourlyPrice = InstancePrice(
                    provider.GetRequiredService<PriceTable>(),
                    provider.GetRequiredService<IOptions<PipelineOptions>>().Value
                ),
            }
        ));
        services.AddSingleton<JobBoard>();
        services.AddSingleton<AliasStore>();
        services.AddSingleton<ModelRegistry>();
        services.AddSingleton<ModelEvaluation>();
        services.AddSingleton<RunInventory>();
        services.AddSingleton<IServedModels, ServedModels>();
        return services;
    }

    /// <summary>An hour of one instance at work, US dollars: Flex Consumption bills memory by the second.</summary>
    private static decimal InstancePrice(PriceTable prices, PipelineOptions options) =>
        prices.Unit("functions.execution").Price * options.InstanceMemoryMb / 1024 * 3600;
}
