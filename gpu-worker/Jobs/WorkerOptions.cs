using System.Globalization;

namespace Serverless.GpuWorker.Jobs;

/// <summary>How the process was started.</summary>
internal sealed record WorkerOptions
{
    /// <summary>Looked at in this order.</summary>
    public IReadOnlyList<string> Queues { get; init; } =
    [Serverless.Pipeline.Storage.Queues.JobsGpu, Serverless.Pipeline.Storage.Queues.JobsCpu];

    /// <summary>The process ends when there was no job for so long; null is never.</summary>
    public TimeSpan? ExitWhenIdle { get; init; }

    /// <summary>Threads of a trainer, in the place of the job's own number; null: as the job says.</summary>
    public int? Threads { get; init; }

    /// <summary>Most workers that are started where this one is; null: not known.</summary>
    public int? PoolWorkers { get; init; }

    public static TimeSpan DefaultIdle { get; } = TimeSpan.FromSeconds(30);

    public const string Usage = """
        Serverless.GpuWorker: takes training and ingestion jobs from storage queues.

          --queue NAME            jobs-gpu or jobs-cpu; may be given twice. Default: both. Environment: WORKER_QUEUES (comma between).
          --exit-when-idle [TIME] end after so long without a job, such as 30s or 5m (30s when no time is given). Default: never.
          --threads N             threads of a trainer; another number than the job's can give another model. Default: the job's.

        Setting 'Storage' (environment or local.settings.json) names the storage account.
        """;

    /// <exception cref="ArgumentException">An argument is not understood; the message says which and what was expected.</exception>
    public static WorkerOptions Parse(IReadOnlyList<string> arguments, string? queuesVariable)
    {
        var options = new WorkerOptions();
        var queues = (queuesVariable ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToList();
        var named = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var next = i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal) ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--queue":
                    named.Add(next ?? throw new ArgumentException("--queue is followed by nothing; expected jobs-gpu or jobs-cpu."));
                    break;
                case "--exit-when-idle":
                    options = options with { ExitWhenIdle = next is null ? DefaultIdle : Duration(next) };
                    break;
                case "--threads":
                    options = options with { Threads = Count(next) };
                    break;
                default:
                    throw new ArgumentException($"Argument '{arguments[i]}' is not known.\n{Usage}");
            }

            i += next is null ? 0 : 1;
        }

        var chosen = named.Count > 0 ? named : queues;
        return chosen.Count == 0 ? options : options with { Queues = [.. chosen.Select(Queue).Distinct()] };
    }

    /// <summary>From setting <c>POOL_WORKERS</c>.</summary>
    /// <exception cref="ArgumentException">It is no number above 0.</exception>
    public static int? Pool(string? setting) =>
        string.IsNullOrEmpty(setting) ? null
        : int.TryParse(setting, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1 ? count
        : throw new ArgumentException($"Setting 'POOL_WORKERS' is '{setting}'; expected a number of workers, 1 or more.");

    private static string Queue(string name) =>
        name is Serverless.Pipeline.Storage.Queues.JobsCpu or Serverless.Pipeline.Storage.Queues.JobsGpu
            ? name
            : throw new ArgumentException($"Queue '{name}' is not a queue of jobs; expected jobs-gpu or jobs-cpu.");

    private static int Count(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 1024
            ? count
            : throw new ArgumentException($"--threads is '{text}'; expected a number from 1 to 1024.");

    private static TimeSpan Duration(string text)
    {
        var unit = text.Length > 0 ? text[^1] : ' ';
        var seconds = unit switch
        {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => 0,
        };
        return seconds > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? TimeSpan.FromSeconds((double)count * seconds)
            : throw new ArgumentException($"--exit-when-idle is '{text}'; expected a number with s, m or h, such as 30s.");
    }
}
