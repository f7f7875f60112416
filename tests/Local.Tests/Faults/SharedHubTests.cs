using System.Diagnostics;
using System.Text.Json;
using Azure.Storage.Queues;
using Serverless.Local.Tests.EventHubs;
using Serverless.Testing;

namespace Serverless.Local.Tests.Faults;

/// <summary>Two processes of one app on one task hub: one works, the other waits with everything it has and takes over.</summary>
public sealed class SharedHubTests(AzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SecondProcess_FirstLives_TakesNothing_FirstIsKilled_TakesOver()
    {
        using var folder = new TestFolder();
        folder.Write("host.json", """{ "version": "2.0" }""");
        using var first = await StartAsync(folder);
        await Eventually.HoldsAsync(() => AppProcess(folder) == first.Id, "the first one to be the app", Stop);
        await Eventually.HoldsAsync(() => Notes(folder).Any(note => note.What == "timer"), "its timer", Stop);
        using var second = await StartAsync(folder);
        await SaidAsync(second, "waiting until it ends");

        // Long enough for a process that took messages beside the other to have had some of these.
        for (var i = 0; i < 12; i++)
        {
            await SendAsync("begin", $"run-{i}");
            await DoneAsync(folder, $"activity run-{i} first");
        }
        Assert.All(Notes(folder), note => Assert.Equal(first.Id, note.Process));
        Assert.Equal(first.Id, AppProcess(folder));

        first.Kill();
        await first.WaitForExitAsync(Stop);
        var killed = Stopwatch.StartNew();
        await Eventually.HoldsAsync(() => AppProcess(folder) == second.Id, "the second one to be the app", Stop);
        output.WriteLine($"taken over after {killed.ElapsedMilliseconds} ms");
        await SendAsync("goes", "run-0");
        await DoneAsync(folder, "activity run-0 second");
        await Eventually.HoldsAsync(() => Notes(folder).Any(n => n.Process == second.Id && n.What == "timer"), "its timer", Stop);

        // What the first one had recorded did not run again; of the last it may have been killed before it had.
        for (var i = 0; i < 11; i++)
            Assert.Single(Notes(folder), note => note.What == $"activity run-{i} first");
        second.StandardInput.Close();
        await Children.EndedAsync(second);
        Assert.False(File.Exists(folder.File(".serverless/app.json")));
    }

    [Fact]
    public async Task SecondProcess_StoppedWhileItWaits_EndsInGoodOrder()
    {
        using var folder = new TestFolder();
        folder.Write("host.json", """{ "version": "2.0" }""");
        using var first = await StartAsync(folder);
        await Eventually.HoldsAsync(() => AppProcess(folder) == first.Id, "the first one to be the app", Stop);
        await Eventually.HoldsAsync(() => Notes(folder).Count > 0, "the first one to work", Stop);
        using var second = await StartAsync(folder);
        await SaidAsync(second, "waiting until it ends");

        second.StandardInput.Close();
        await Children.EndedAsync(second);

        Assert.Equal(first.Id, AppProcess(folder));
        Assert.All(Notes(folder), note => Assert.Equal(first.Id, note.Process));
        first.StandardInput.Close();
        await Children.EndedAsync(first);
    }

    private async Task<Process> StartAsync(TestFolder folder)
    {
        foreach (var queue in (string[])["begin", "goes"])
            await Queue(queue).CreateIfNotExistsAsync(cancellationToken: Stop);
        return Children.StartCrashApp(
            ["hub", folder.Path],
            new Dictionary<string, string> { ["AzureWebJobsStorage"] = azurite.ConnectionString }
        );
    }

    private QueueClient Queue(string name) =>
        new(azurite.ConnectionString, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

    private Task SendAsync(string queue, string text) => Queue(queue).SendMessageAsync(text, Stop);

    private static Task DoneAsync(TestFolder folder, string what) =>
        Eventually.HoldsAsync(() => Notes(folder).Any(note => note.What == what), what, Stop);

    private static async Task SaidAsync(Process process, string text)
    {
        while (await process.StandardOutput.ReadLineAsync(Stop).AsTask().WaitAsync(Eventually.Deadline, Stop) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
                return;
        }
        Assert.Fail($"The process ended without saying '{text}'. {await process.StandardError.ReadToEndAsync(Stop)}");
    }

    private static int? AppProcess(TestFolder folder)
    {
        var file = folder.File(".serverless/app.json");
        if (!File.Exists(file))
            return null;
        using var app = JsonDocument.Parse(File.ReadAllBytes(file));
        return app.RootElement.GetProperty("pid").GetInt32();
    }

    private static List<(int Process, string What)> Notes(TestFolder folder)
    {
        var file = folder.File("notes");
        if (!File.Exists(file))
            return [];
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var text = reader.ReadToEnd();
        return
        [
            .. text[..(text.LastIndexOf('\n') + 1)]
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(' ', 2))
                .Select(parts => (int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), parts[1])),
        ];
    }
}
