using System.Text;
using System.Text.Json;
using Serverless.Pipeline;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>What a training needs to go on elsewhere: its trees, and what early stopping remembers.</summary>
internal sealed record LightGbmState
{
    /// <summary>Version of the bytes of a checkpoint.</summary>
    public const int Format = 1;

    /// <summary>Rounds behind it.</summary>
    public int Rounds { get; init; }

    public int BestRound { get; init; } = 1;

    /// <summary>Of the best round, on the validation rows.</summary>
    public double BestLoss { get; init; } = double.PositiveInfinity;

    /// <summary>Nothing is left to train: the one segment is the model.</summary>
    public bool Ended { get; init; }

    /// <summary>LightGBM's texts of the boosters whose trees, one after the other, are the model so far.</summary>
    public IReadOnlyList<string> Segments { get; init; } = [];

    public LightGbmState After(int round, double loss) =>
        loss < BestLoss ? this with { Rounds = round, BestRound = round, BestLoss = loss } : this with { Rounds = round };

    /// <exception cref="InvalidDataException">The bytes are not what <see cref="Write"/> wrote.</exception>
    public static LightGbmState Read(Checkpoint checkpoint)
    {
        using var reader = new BinaryReader(checkpoint.Open(), Encoding.UTF8);
        try
        {
            var state = JsonSerializer.Deserialize<Numbers>(reader.ReadString(), PipelineJson.Compact)!;
            var segments = new string[reader.ReadInt32()];
            for (var i = 0; i < segments.Length; i++)
            {
                segments[i] = Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadInt32()));
            }

            return new LightGbmState
            {
                Rounds = state.Rounds,
                BestRound = state.BestRound,
                BestLoss = state.BestLoss,
                Ended = state.Ended,
                Segments = segments,
            };
        }
        catch (Exception broken) when (broken is JsonException or EndOfStreamException or ArgumentException)
        {
            throw new InvalidDataException($"The checkpoint of round {checkpoint.Round} is none of LightGBM's: {broken.Message}", broken);
        }
    }

    public void Write(Stream stream)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(JsonSerializer.Serialize(new Numbers(Rounds, BestRound, BestLoss, Ended), PipelineJson.Compact));
        writer.Write(Segments.Count);
        foreach (var segment in Segments)
        {
            var text = Encoding.UTF8.GetBytes(segment);
            writer.Write(text.Length);
            writer.Write(text);
        }
    }

    private sealed record Numbers(int Rounds, int BestRound, double BestLoss, bool Ended);
}
