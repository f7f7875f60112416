using Azure.Core.Serialization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Serverless.Local.Hosting.Binding;

namespace Serverless.Local.Hosting.Http.Data;

/// <summary>The serializer of the worker's own HTTP types: names as they are in the code, in any case when read.</summary>
internal static class WorkerJson
{
    public static ObjectSerializer Of(FunctionContext context) =>
        context.InstanceServices.GetService<IOptions<WorkerOptions>>()?.Value.Serializer ?? JsonInput.Default;
}
