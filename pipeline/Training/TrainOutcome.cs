namespace Serverless.Pipeline.Training;

/// <summary>What a training job leaves behind.</summary>
public sealed record TrainOutcome
{
    /// <summary>Blob in container <c>jobs</c>: <c>{jobId}/{fence}/model.onnx</c>.</summary>
    public required string ModelBlob { get; init; }

    /// <summary>SHA-256 of the model's bytes, hexadecimal.</summary>
    public required string Digest { get; init; }

    public required long Bytes { get; init; }

    /// <summary>Blob in container <c>jobs</c>: the <see cref="ModelSignature"/> as JSON (it can be larger than a message may be).</summary>
    public required string SignatureBlob { get; init; }

    /// <summary>Name of the trainer that won, such as <c>lightgbm</c>.</summary>
    public required string Trainer { get; init; }

    /// <summary>The round or epoch the model is taken from.</summary>
    public required int BestRound { get; init; }

    public required int Rounds { get; init; }

    /// <summary>Metrics on the validation rows.</summary>
    public required IReadOnlyDictionary<string, double> Validation { get; init; }

    /// <summary>The proof that the graph answers as the trainer does.</summary>
    public required AgreementProof Agreement { get; init; }

    /// <summary>Columns that training dropped, with the reason (constant, and so on).</summary>
    public IReadOnlyDictionary<string, string> Dropped { get; init; } = new Dictionary<string, string>();

    public required double TrainSeconds { get; init; }
}

/// <param name="Rows">Rows compared, real and adversarial.</param>
/// <param name="MaxDifference">Largest difference of a probability, or of a value divided by max(1, |value|), of a network in place of 1 the target's deviation.</param>
/// <param name="Bound">What it had to stay within.</param>
public sealed record AgreementProof(long Rows, double MaxDifference, double Bound);
