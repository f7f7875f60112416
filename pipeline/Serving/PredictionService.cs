using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Pipeline.Serving;

/// <summary>
/// Answers requests: bytes in, bytes out. Everything that can go wrong with a request becomes a reply with its status and
/// <c>{"error"}</c>; only cancellation is thrown.
/// </summary>
public sealed partial class PredictionService(ModelHost host, ServingOptions options, ILogger<PredictionService> logger)
{
    /// <summary>Rows as people write them; see docs/serving.md.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="version">As written in the query; null is the champion.</param>
    /// <param name="strict">Warnings are errors.</param>
    /// <param name="body">The request's body.</param>
    /// <param name="length">Its length if the caller said so.</param>
    /// <param name="cancellationToken">The caller went away.</param>
    public async Task<ServingReply> PredictAsync(
        string model,
        string? version,
        bool strict,
        Stream body,
        long? length,
        CancellationToken cancellationToken
    )
    {
        ModelManifest? asked = null;
        try
        {
            using var lease = await host.LeaseAsync(model, Number(version), cancellationToken);
            asked = lease.Manifest;
            using var bytes = await PooledBuffer.ReadAsync(body, length, options.MaxBodyBytes, cancellationToken);
            using var request = PredictReader.Read(bytes.Written.Span, lease.Layout, new PredictRules(options.MaxRows, strict));
            var predictions = ServingMetrics.Score(lease, request.Batch);
            lease.Counts?.Add(request.Batch, predictions);
            return ServingReply.Write(
                200,
                (lease, predictions, request.Warnings),
                static (writer, answer) => PredictWriter.Write(writer, answer.lease, answer.predictions, answer.Warnings)
            );
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            return Refuse(failed, model, asked);
        }
    }

    /// <summary>A request of the Open Inference Protocol v2.</summary>
    public async Task<ServingReply> InferAsync(
        string model,
        string? version,
        Stream body,
        long? length,
        CancellationToken cancellationToken
    )
    {
        ModelManifest? asked = null;
        try
        {
            using var lease = await host.LeaseAsync(model, Number(version), cancellationToken);
            asked = lease.Manifest;
            using var bytes = await PooledBuffer.ReadAsync(body, length, options.MaxBodyBytes, cancellationToken);
            using var request = InferReader.Read(bytes.Written.Span, lease.Layout, options.MaxRows);
            var predictions = ServingMetrics.Score(lease, request.Batch);
            lease.Counts?.Add(request.Batch, predictions);
            return ServingReply.Write(
                200,
                (lease, predictions, request),
                static (writer, answer) => InferWriter.Write(writer, answer.lease, answer.predictions, answer.request)
            );
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            return Refuse(failed, model, asked);
        }
    }

    public static ServingReply Server() => ServingReply.Write(200, 0, static (writer, _) => MetadataWriter.Server(writer));

    public static ServingReply Live() => Flag(200, "live", true, null);

    /// <summary>The answer to a request with a binary body.</summary>
    public static ServingReply NoBinary() =>
        ServingReply.Error(
            ServingException.BadRequest(
                "The header Inference-Header-Content-Length announces the binary data extension, which this server does not have; send JSON."
            )
        );

    /// <summary>200 when this process can answer: the registry was read and what is in production is loaded.</summary>
    public async Task<ServingReply> ReadyAsync(CancellationToken cancellationToken)
    {
        if (host.Readiness() is (false, _))
        {
            // At start a probe sees the outcome of the first reading, not that it is under way.
            await AnswerAsync(
                model: null,
                async () =>
                {
                    await host.ReadyToListAsync(cancellationToken);
                    return Live();
                }
            );
        }

        var (ready, reason) = host.Readiness();
        return Flag(ready ? 200 : 503, "ready", ready, reason);
    }

    public Task<ServingReply> ModelReadyAsync(string model, string? version, CancellationToken cancellationToken) =>
        AnswerAsync(
            model,
            async () =>
            {
                using var lease = await host.LeaseAsync(model, Number(version), cancellationToken);
                return Flag(200, "ready", true, null, lease.Manifest.Name);
            }
        );

    public Task<ServingReply> ModelAsync(string model, string? version, CancellationToken cancellationToken) =>
        AnswerAsync(
            model,
            async () =>
            {
                using var lease = await host.LeaseAsync(model, Number(version), cancellationToken);
                return ServingReply.Write(
                    200,
                    (lease.Manifest, Slot: host.Find(model)),
                    static (writer, answer) => MetadataWriter.Model(writer, answer.Manifest, answer.Slot)
                );
            }
        );

    private static int? Number(string? version) =>
        version is null ? null
        : int.TryParse(version, System.Globalization.NumberStyles.None, null, out var number) && number > 0 ? number
        : throw ServingException.BadRequest($"Version '{version}' is no version; expected a number such as 3.");

    private static ServingReply Flag(int status, string flag, bool value, string? reason, string? name = null) =>
        ServingReply.Write(
            status,
            (flag, value, reason, name),
            static (writer, answer) =>
            {
                writer.WriteStartObject();
                if (answer.name is not null)
                {
                    writer.WriteString("name"u8, answer.name);
                }

                writer.WriteBoolean(answer.flag, answer.value);
                if (answer.reason is not null)
                {
                    writer.WriteString("reason"u8, answer.reason);
                }

                writer.WriteEndObject();
            }
        );

    private async Task<ServingReply> AnswerAsync(string? model, Func<Task<ServingReply>> answer)
    {
        try
        {
            return await answer();
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            return Refuse(failed, model, asked: null);
        }
    }

    /// <summary>The reply to a request that failed; where the fault is ours, the log says why, with the version that was asked.</summary>
    private ServingReply Refuse(Exception failed, string? model, ModelManifest? asked)
    {
        if (failed is ServingException refused)
        {
            return ServingReply.Error(refused);
        }

        using var scope = asked is null ? logger.About(run: null, model) : logger.About(asked);
        Failed(logger, model ?? "none", asked?.Version, failed);
        return ServingReply.Error(new ServingException(500, "The server failed on this request; its log says why."));
    }

    [LoggerMessage(63, LogLevel.Error, "A request for model {Model} version {Version} failed inside the server")]
    private static partial void Failed(ILogger logger, string model, int? version, Exception exception);
}
