using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Serverless.Bench.Infer;
using Serverless.Functions.Tests.Serving;
using Serverless.Pipeline.Telemetry;
using Serverless.Testing.Serving;

namespace Serverless.Bench.Telemetry;

/// <summary>
/// The serving app in a process of its own, with the telemetry that its environment asks for: who listens to spans and metrics listens to a
/// whole process, so that two ways need two.
/// </summary>
internal sealed class ServingProcess : IDisposable
{
    /// <summary>Makes this program the app.</summary>
    public const string Argument = "--serve";

    public const string Path = $"/api/models/bench/predict?code={ServingApp.Key}";

    private readonly Process process;

    public ServingProcess(IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ServingProcess).Assembly.Location, Argument])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        process = Process.Start(start)!;
        var line = process.StandardOutput.ReadLine();
        Address = Uri.TryCreate(line, UriKind.Absolute, out var address)
            ? address
            : throw new InvalidOperationException($"The app's process said '{line}'; expected its address.");
    }

    public Uri Address { get; }

    /// <summary>Of the process, so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Ends it in good order: what telemetry is left is sent.</summary>
    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>The program's life as the app: until its input ends.</summary>
    public static async Task<int> RunAsync()
    {
        var models = new FakeModels();
        models.Deploy("bench", 1, (BenchModel.Signature, BenchModel.Create(TelemetryBenchmark.Seed)));
        await using var app = await ServingApp.StartAsync(
            models,
            CancellationToken.None,
            builder =>
            {
                // The console is the way to the parent.
                builder.Logging.ClearProviders();
                builder.Services.AddTelemetry(builder.Configuration, "bench");
            }
        );
        Console.WriteLine(app.Client.BaseAddress);
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
