using System.Text.Json;
using Serverless.Pipeline;

namespace Serverless.GpuWorker.Trainers.LightGbm.Ranks;

/// <summary>A rank's line to the worker that started it: events out, <c>go</c> and <c>save</c> in. Its end is the process's end.</summary>
internal sealed class RankLine : ITrainingWatch, IDisposable
{
    public const string Go = "go ";
    public const string Save = "save";

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly TextWriter output = Console.Out;
    private readonly TaskCompletionSource<string> machines = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer beat;
    private volatile bool saveAsked;

    public RankLine(TimeProvider time)
    {
        beat = time.CreateTimer(_ => Send(new RankEvent(RankEventKind.Alive)), null, TimeSpan.Zero, Beat);
        new Thread(Listen) { IsBackground = true, Name = "rank-line" }.Start();
    }

    /// <summary>Whether a state is wanted; asked for once.</summary>
    public bool TakeSave() => saveAsked && !(saveAsked = false);

    /// <summary>All ranks' addresses, when the worker has them.</summary>
    public string Machines() => machines.Task.GetAwaiter().GetResult();

    /// <summary>Does not return: the process ends when the worker closes the line, or kills it.</summary>
    public void UntilEnd() => new TaskCompletionSource().Task.Wait();

    public void Send(RankEvent what)
    {
        var line = JsonSerializer.Serialize(what, PipelineJson.Compact);
        lock (gate)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }

    public void Round(int round, int rounds, IReadOnlyDictionary<string, double> values) =>
        Send(
            new RankEvent(RankEventKind.Round)
            {
                Round = round,
                Rounds = rounds,
                Values = values,
            }
        );

    public void Dispose() => beat.Dispose();

    private void Listen()
    {
        while (Console.In.ReadLine() is { } line)
        {
            if (line == Save)
            {
                saveAsked = true;
            }
            else if (line.StartsWith(Go, StringComparison.Ordinal))
            {
                machines.TrySetResult(line[Go.Length..]);
            }
        }

        // The worker is gone, however it went: nobody waits for this rank, and the others are to notice at once.
        Environment.Exit(2);
    }
}
