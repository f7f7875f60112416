using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Serverless.Bench.Frame;
using Serverless.Cli.Stack;
using Serverless.Testing;

namespace Serverless.Bench.Start;

/// <summary>The functions app as a process of its own: from its start to its first answer, against a bare minimal API's.</summary>
internal sealed class StartBenchmark : IBenchmark
{
    /// <summary>Makes this program the bare minimal API on a port.</summary>
    public const string BareArgument = "--bare-api";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    public string Name => "start";

    public string About => "process start of the functions app to its first answer, against a bare minimal API's";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        await using var azurite = await AzuriteServer.StartAsync(new AzuriteOptions(), cancellationToken);
        using var folder = new TestFolder();
        using var http = new HttpClient();
        var app = Path.Combine(AppContext.BaseDirectory, "Serverless.Functions.dll");
        var settings = new Dictionary<string, string>
        {
            ["AzureWebJobsStorage"] = azurite.ConnectionString,
            ["Storage"] = azurite.ConnectionString,
            ["SERVERLESS_HOME"] = folder.File("state"),
            ["FUNCTIONS_KEY"] = "bench",
            ["AzureWebJobs.OnTelemetry.Disabled"] = "true",
        };
        var seconds = await Rounds.MedianSecondsAsync(
            7,
            1,
            () => AnswerAsync(http, port => [app, "--port", port], "/v2/health/live", settings, cancellationToken),
            () => AnswerAsync(http, port => [app, "--port", port], "/api/pipelines?code=bench", settings, cancellationToken),
            () => AnswerAsync(http, port => [typeof(StartBenchmark).Assembly.Location, BareArgument, port], "/ping", [], cancellationToken)
        );
        return
        [
            new("start/process to first answer, health", seconds[0] * 1e3, seconds[2] * 1e3, "ms"),
            new("start/process to first answer, a function that reads storage", seconds[1] * 1e3, seconds[2] * 1e3, "ms"),
        ];
    }

    private static async Task AnswerAsync(
        HttpClient http,
        Func<string, string[]> arguments,
        string path,
        Dictionary<string, string> settings,
        CancellationToken cancellationToken
    )
    {
        var port = FreePort();
        var start = new ProcessStartInfo("dotnet", arguments(port.ToString(CultureInfo.InvariantCulture)))
        {
            UseShellExecute = false,
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            var address = new Uri($"http://127.0.0.1:{port}{path}");
            while (!await AnswersAsync(http, address, cancellationToken))
            {
                if (process.HasExited || Stopwatch.GetElapsedTime(began) > Limit)
                {
                    process.Kill();
                    throw new InvalidOperationException($"{start.ArgumentList[0]} did not answer {path}:\n{await output}{await error}");
                }

                await Task.Delay(Pause, cancellationToken);
            }
        }
        finally
        {
            // Its end is no part of what is measured here, but the next one must not run beside it.
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient http, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(address, cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
