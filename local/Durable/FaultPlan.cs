using System.Diagnostics;
using System.Globalization;

namespace Serverless.Local.Durable;

/// <summary>
/// A testing aid: the process kills itself at a chosen point. <c>SERVERLESS_FAULT</c> names the point,
/// <c>SERVERLESS_FAULT_ONCE</c> a file that is made before, and that keeps it from happening again.
/// </summary>
internal sealed class FaultPlan
{
    public const string Variable = "SERVERLESS_FAULT";
    public const string OnceVariable = "SERVERLESS_FAULT_ONCE";

    private const string Every = "*";

    private readonly string? point;
    private readonly string? activity;
    private readonly string? once;
    private long left;

    private FaultPlan(string? point, string? activity, long count, string? once)
    {
        this.point = point;
        this.activity = activity;
        this.once = once;
        left = count;
    }

    public static FaultPlan None { get; } = new(null, null, 0, null);

    /// <summary>Whether the engine has to remember which activities a turn recorded.</summary>
    public bool WatchesRecords => point == "after-record";

    public static FaultPlan FromEnvironment() =>
        Parse(Environment.GetEnvironmentVariable(Variable), Environment.GetEnvironmentVariable(OnceVariable));

    public static FaultPlan Parse(string? text, string? once)
    {
        if (string.IsNullOrEmpty(text))
            return None;
        return text.Split(':', 3) switch
        {
            ["kill", "append" or "index", var count] parts
                when long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 => new(
                parts[1],
                null,
                n,
                once
            ),
            ["kill", "before-activity" or "after-activity" or "after-record", { Length: > 0 } name] parts => new(parts[1], name, 0, once),
            _ => throw new ArgumentException(
                $"{Variable} is '{text}'; expected kill:before-activity:NAME, kill:after-activity:NAME, kill:after-record:NAME (* for every activity), kill:append:N or kill:index:N with N of 1 or more."
            ),
        };
    }

    public void BeforeActivity(string name) => KillAt("before-activity", name);

    public void AfterActivity(string name) => KillAt("after-activity", name);

    public void AfterRecord(string name) => KillAt("after-record", name);

    public void BeforeAppend()
    {
        if (point == "append" && Interlocked.Decrement(ref left) == 0)
            Kill();
    }

    /// <summary>At each step of a transaction of the index: half of it (1), the whole of it (2), committed (3).</summary>
    public void WritingIndex()
    {
        if (point == "index" && Interlocked.Decrement(ref left) == 0)
            Kill();
    }

    private void KillAt(string at, string name)
    {
        if (point == at && (activity == Every || string.Equals(activity, name, StringComparison.OrdinalIgnoreCase)))
            Kill();
    }

    private void Kill()
    {
        if (once is not null)
        {
            if (File.Exists(once))
                return;
            File.WriteAllText(once, $"{point} {activity}");
        }
        using var self = Process.GetCurrentProcess();
        self.Kill();
        // The signal needs a moment; nothing more may happen here.
        new ManualResetEventSlim().Wait();
    }
}
