using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Serverless.Pipeline;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Storage;

namespace Serverless.Bench.Batch;

/// <summary>A job in a process of its own, whose peak memory is the job's.</summary>
internal static class BatchProcess
{
    public const string Argument = "--batch-job";

    /// <summary>Peak of the resident memory, in MB.</summary>
    public static double PeakMb(string storage, BatchRequest request)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                typeof(BatchProcess).Assembly.Location,
                Argument,
                storage,
                JsonSerializer.Serialize(request, PipelineJson.Compact),
            },
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? double.Parse(said, CultureInfo.InvariantCulture) / (1 << 20)
            : throw new InvalidOperationException($"The job's process ended with {process.ExitCode}: {said}");
    }

    public static async Task<int> RunAsync(string storage, string request)
    {
        var parsed = JsonSerializer.Deserialize<BatchRequest>(request, PipelineJson.Compact)!;
        await new BatchJobs(StorageClients.FromConnectionString(storage)).RunAsync(parsed, BatchBenchmark.Rows, CancellationToken.None);
        using var self = Process.GetCurrentProcess();
        Console.Write(self.PeakWorkingSet64.ToString(CultureInfo.InvariantCulture));
        return 0;
    }
}
