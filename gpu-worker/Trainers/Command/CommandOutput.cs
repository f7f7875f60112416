using Microsoft.Extensions.Logging;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>What a program says, line by line into the claim's log; the last lines are kept for the failure's message.</summary>
internal sealed class CommandOutput(string trainer, ILogger log)
{
    /// <summary>Most characters of one claim; a program that says more is heard, and not kept.</summary>
    private const long MostKept = 16 << 20;

    private const int LastLines = 12;
    private const int LongestTail = 2000;

    private readonly Queue<string> last = new();
    private readonly Lock gate = new();
    private long kept;
    private long dropped;

    /// <summary>The end of what it said.</summary>
    public string Tail
    {
        get
        {
            lock (gate)
            {
                var text = string.Join('\n', last);
                return text.Length <= LongestTail ? text : "..." + text[^LongestTail..];
            }
        }
    }

    /// <summary>Reads one of the program's two streams to its end.</summary>
    public async Task PumpAsync(Stream stream, CancellationToken cancellationToken)
    {
        var lines = new LineReader(Say);
        var buffer = new byte[8192];
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
            {
                lines.Add(buffer.AsSpan(0, read));
            }
        }
        catch (Exception closed) when (closed is OperationCanceledException or IOException)
        {
            // Somebody else holds the other end; the program has ended.
        }

        lines.End();
    }

    public void End()
    {
        if (dropped > 0)
        {
            log.LogWarning("{Trainer} said {Lines:N0} more lines; {Kept:N0} characters of a claim are kept.", trainer, dropped, MostKept);
        }
    }

    private void Say(string line)
    {
        lock (gate)
        {
            last.Enqueue(line);
            if (last.Count > LastLines)
            {
                last.Dequeue();
            }

            if (kept + line.Length > MostKept)
            {
                dropped++;
                return;
            }

            kept += line.Length;
        }

        log.LogInformation("{Trainer} | {Line}", trainer, line);
    }
}
