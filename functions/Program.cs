using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serverless.Functions.Drops;
using Serverless.Functions.Hosting;
using Serverless.Pipeline;
using Serverless.Pipeline.Serving;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseMiddleware<ApiErrors>();
builder.Services.AddPipeline(builder.Configuration);
builder.Services.AddServing();
builder.Services.AddSingleton<DropQuarantine>();
builder.Services.AddSingleton<KeptModel>();
builder.Services.AddSingleton<RunStarter>();
builder.Services.AddHostedService<StorageAtStart>();
builder.Build().Run();
