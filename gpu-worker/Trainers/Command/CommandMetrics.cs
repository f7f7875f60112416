using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>The lines that a program adds to its metrics file, handed on as rounds.</summary>
/// <param name="file">May not be there yet.</param>
/// <param name="watch">Told of every round after <paramref name="state"/>'s.</param>
/// <param name="state">Kept up to date.</param>
/// <param name="log">Told of lines that are none.</param>
internal sealed class CommandMetrics(string file, ITrainingWatch watch, CommandState state, ILogger log)
{
    private const int MostComplaints = 5;
    private const int MostValues = 100;

    private readonly int before = state.Round;
    private readonly byte[] buffer = new byte[64 * 1024];
    private LineReader? reader;
    private long read;
    private int complaints;

    /// <summary>Takes what was added since.</summary>
    public void Read()
    {
        reader ??= new LineReader(Take);
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            // A program may write its file anew.
            stream.Position = read = stream.Length < read ? 0 : read;
            int count;
            while ((count = stream.Read(buffer)) > 0)
            {
                reader.Add(buffer.AsSpan(0, count));
                read += count;
            }
        }
        catch (Exception none) when (none is FileNotFoundException or DirectoryNotFoundException)
        {
            // No metrics yet.
        }
    }

    /// <summary>The last line may have no end.</summary>
    public void ReadToEnd()
    {
        Read();
        reader!.End();
    }

    private void Take(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var round = root.GetProperty("round").GetInt32();
            if (round < 1)
            {
                throw new FormatException($"round {round}");
            }

            var values = new Dictionary<string, double>();
            foreach (var value in root.EnumerateObject().Where(each => each.Name is not ("round" or "rounds" or "best")).Take(MostValues))
            {
                values[value.Name] = value.Value.GetDouble();
            }

            state.Rounds = root.TryGetProperty("rounds", out var rounds) ? rounds.GetInt32() : Math.Max(state.Rounds, round);
            state.Best = root.TryGetProperty("best", out var best) ? best.GetInt32() : state.Best;
            // What the checkpoint knew is told already.
            if (round > before)
            {
                state.Round = Math.Max(state.Round, round);
                watch.Round(round, Math.Max(state.Rounds, round), values);
            }
        }
        catch (Exception odd) when (odd is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            if (complaints++ < MostComplaints)
            {
                log.LogWarning(
                    "A line of the metrics file is left out: '{Line}'. Expected an object such as {Example}: round from 1 on, all else numbers.",
                    line.Length > 200 ? line[..200] : line,
                    """{"round": 1, "rounds": 50, "validation.logLoss": 0.4}"""
                );
            }
        }
    }
}
