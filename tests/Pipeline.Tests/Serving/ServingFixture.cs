using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Pipeline.Serving;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Serving;

/// <summary>The prediction service over three tiny models: failures (binary, versions 2 and 3), prices (regression), letters (multiclass).</summary>
internal sealed class ServingFixture : IDisposable
{
    public ModelHost Host { get; }

    public ServingFixture(ServingOptions? options = null, ILogger<PredictionService>? log = null)
    {
        options ??= new();
        Models.Register("failures", 2, TinyModel.Binary(bias: 1));
        Models.Deploy("failures", 3, TinyModel.Binary());
        Models.Deploy("prices", 1, TinyModel.Regression());
        Models.Deploy("letters", 1, TinyModel.Multiclass());
        Host = new ModelHost(Models, options, TimeProvider.System, NullLogger<ModelHost>.Instance);
        Service = new PredictionService(Host, options, log ?? NullLogger<PredictionService>.Instance);
    }

    public FakeModels Models { get; } = new();

    public PredictionService Service { get; }

    public void Dispose() => Host.Dispose();

    public async Task<(int Status, JsonNode Json)> PredictAsync(
        string model,
        byte[] body,
        bool strict = false,
        string? version = null,
        long? length = null
    ) => Read(await Service.PredictAsync(model, version, strict, new MemoryStream(body), length, TestContext.Current.CancellationToken));

    public async Task<(int Status, JsonNode Json)> InferAsync(string model, byte[] body, string? version = null) =>
        Read(await Service.InferAsync(model, version, new MemoryStream(body), body.Length, TestContext.Current.CancellationToken));

    public static (int Status, JsonNode Json) Read(ServingReply reply)
    {
        using (reply)
        {
            return (reply.Status, JsonNode.Parse(reply.Body.Written.Span)!);
        }
    }
}
