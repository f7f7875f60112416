using System.Globalization;
using System.Text.Json;
using Microsoft.DurableTask;
using Serverless.Local.Durable;

namespace Serverless.Local.CrashApp;

/// <summary>
/// One orchestrator of every kind whose result depends on nothing but its input, and activities that note on the disk
/// that they ran: a test compares both with an undisturbed run.
/// </summary>
internal sealed class CrashFunctions(string notes) : IDurableFunctions
{
    public static readonly IReadOnlyList<string> Kinds = ["Chain", "Fan", "Timers", "Events", "Parent", "Rounds", "Talk"];

    private readonly Lock gate = new();

    public bool HasOrchestrator(string name) => name is "Child" or "Listener" || Kinds.Contains(name);

    public bool HasActivity(string name) => name is "Note" or "Flaky";

    public Task<object?> RunOrchestratorAsync(string name, TaskOrchestrationContext context) =>
        name switch
        {
            "Chain" => ChainAsync(context),
            "Fan" => FanAsync(context),
            "Timers" => TimersAsync(context),
            "Events" => EventsAsync(context),
            "Parent" => ParentAsync(context),
            "Child" => ChildAsync(context),
            "Rounds" => RoundsAsync(context),
            "Talk" => TalkAsync(context),
            "Listener" => ListenAsync(context),
            _ => throw new ArgumentException(name),
        };

    public Task<object?> RunActivityAsync(string name, string instanceId, string? serializedInput, CancellationToken cancellationToken)
    {
        var text = JsonSerializer.Deserialize<string>(serializedInput!)!;
        // A line of its own file at once: what a killed process has written is there.
        int before;
        lock (gate)
        {
            var path = Path.Combine(notes, instanceId);
            before = File.Exists(path) ? File.ReadAllLines(path).Count(line => line == text) : 0;
            File.AppendAllText(path, text + "\n");
        }
        return name == "Flaky" && before == 0
            ? throw new InvalidDataException($"first time of {text}")
            : Task.FromResult<object?>(text.Length.ToString(CultureInfo.InvariantCulture) + text);
    }

    private static async Task<object?> ChainAsync(TaskOrchestrationContext context)
    {
        var text = "c";
        for (var i = 0; i < 5; i++)
        {
            text = await context.CallActivityAsync<string>("Note", $"{text}{i}");
            context.SetCustomStatus(i);
        }
        return text;
    }

    private static async Task<object?> FanAsync(TaskOrchestrationContext context) =>
        string.Join('|', await Task.WhenAll(Enumerable.Range(0, 20).Select(i => context.CallActivityAsync<string>("Note", $"f{i}"))));

    private static async Task<object?> TimersAsync(TaskOrchestrationContext context)
    {
        var retry = TaskOptions.FromRetryPolicy(new RetryPolicy(4, TimeSpan.FromMilliseconds(5), 2));
        var text = await context.CallActivityAsync<string>("Flaky", "t", retry);
        using var cancelled = new CancellationTokenSource();
        var never = context.CreateTimer(TimeSpan.FromDays(100), cancelled.Token);
        var first = await Task.WhenAny(never, context.CreateTimer(TimeSpan.FromMilliseconds(10), CancellationToken.None));
        cancelled.Cancel();
        return $"{text} {first != never} {await context.CallActivityAsync<string>("Note", "after")}";
    }

    private static async Task<object?> EventsAsync(TaskOrchestrationContext context)
    {
        List<int> got = [];
        for (var i = 0; i < 3; i++)
            got.Add(await context.WaitForExternalEvent<int>("Number"));
        return string.Join(',', got) + await context.CallActivityAsync<string>("Note", "e");
    }

    private static async Task<object?> ParentAsync(TaskOrchestrationContext context)
    {
        var children = Enumerable
            .Range(0, 3)
            .Select(i =>
                context.CallSubOrchestratorAsync<string>("Child", i, new TaskOptions().WithInstanceId($"{context.InstanceId}-{i}"))
            );
        return string.Join('|', await Task.WhenAll(children));
    }

    private static async Task<object?> ChildAsync(TaskOrchestrationContext context) =>
        await context.CallActivityAsync<string>("Note", $"a{context.GetInput<int>()}")
        + await context.CallActivityAsync<string>("Note", "b");

    private static async Task<object?> RoundsAsync(TaskOrchestrationContext context)
    {
        var round = context.GetInput<int>();
        await context.CallActivityAsync<string>("Note", $"r{round}");
        if (round == 4)
            return round;
        context.ContinueAsNew(round + 1);
        return null;
    }

    private static async Task<object?> TalkAsync(TaskOrchestrationContext context)
    {
        var listener = $"{context.InstanceId}-listener";
        var heard = context.CallSubOrchestratorAsync<string>("Listener", null, new TaskOptions().WithInstanceId(listener));
        await context.CallActivityAsync<string>("Note", "talk");
        for (var i = 0; i < 5; i++)
            context.SendEvent(listener, "Word", i);
        return await heard;
    }

    private static async Task<object?> ListenAsync(TaskOrchestrationContext context)
    {
        var heard = context.GetInput<string?>() ?? string.Empty;
        heard += await context.WaitForExternalEvent<int>("Word");
        if (heard.Length == 5)
            return heard;
        context.ContinueAsNew(heard);
        return null;
    }
}
