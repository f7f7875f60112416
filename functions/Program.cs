using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serverless.Functions.Batch;
using Serverless.Functions.Capacity;
using Serverless.Functions.Drops;
using Serverless.Functions.Hosting;
using Serverless.Functions.Monitoring;
using Serverless.Pipeline;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Streaming;
using Serverless.Pipeline.Telemetry;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseMiddleware<ApiErrors>();
if (builder.Services.AddTelemetry(builder.Configuration, "serverless-app"))
{
    // The host leaves to the app what the app sends itself.
    builder
        .Services.AddOptions<WorkerOptions>()
        .Configure(worker =>
        {
            worker.Capabilities["WorkerOpenTelemetryEnabled"] = bool.TrueString;
            worker.Capabilities["WorkerOpenTelemetrySchemaVersion"] = "1.37.0";
        });
}

builder.Services.AddPipeline(builder.Configuration);
builder.Services.AddServing();
builder.Services.AddStreaming();
builder.Services.AddMonitoring();
builder.Services.AddScaleSets();
builder.Services.AddSingleton<DropQuarantine>();
builder.Services.AddSingleton<KeptModel>();
builder.Services.AddSingleton<RunStarter>();
builder.Services.AddSingleton<BatchStarter>();
builder.Services.AddSingleton<DriftAnswer>();
builder.Services.AddHostedService<StorageAtStart>();
builder.Build().Run();
