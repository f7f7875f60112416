namespace Serverless.Pipeline.Serving;

/// <summary>A request that cannot be answered, in the terms of its caller.</summary>
/// <param name="status">HTTP status: 400, 404, 413 or 503.</param>
/// <param name="message">What was found, where, what was expected, what to do.</param>
/// <param name="errors">Every mistake that was found, when there is more than one.</param>
public sealed class ServingException(int status, string message, IReadOnlyList<string>? errors = null) : Exception(message)
{
    public int Status { get; } = status;

    public IReadOnlyList<string> Errors { get; } = errors ?? [];

    public static ServingException BadRequest(string message) => new(400, message);

    public static ServingException UnknownModel(string model) =>
        new(
            404,
            $"There is no model '{model}' in production. GET /api/models lists the models; a model gets there by a run of its pipeline."
        );

    public static ServingException UnknownVersion(string model, int version) =>
        new(404, $"Model '{model}' has no version {version}. GET /api/models/{model} lists its versions.");
}
