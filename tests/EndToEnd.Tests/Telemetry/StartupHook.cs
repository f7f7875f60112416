using System.Diagnostics;
using System.Diagnostics.Metrics;
using Serverless.EndToEnd.Tests.Telemetry;

/// <summary>
/// Loaded into the app and the workers (the runtime asks for this name, without a namespace): writes which sources of spans and which instruments of
/// metrics there are in the process, and whether anybody ever listened to them. It listens to none itself.
/// </summary>
#pragma warning disable MA0047 // the runtime looks for it without a namespace
internal static class StartupHook
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly Lock Gate = new();
    private static readonly Dictionary<ActivitySource, bool> Sources = [];
    private static readonly Dictionary<Instrument, bool> Instruments = [];

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Listening.FolderVariable) is not { } folder)
        {
            return;
        }

        var sources = new ActivityListener
        {
            ShouldListenTo = source =>
            {
                lock (Gate)
                {
                    Sources.TryAdd(source, false);
                }

                return false;
            },
        };
        ActivitySource.AddActivityListener(sources);
        var instruments = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                lock (Gate)
                {
                    Instruments.TryAdd(instrument, false);
                }
            },
        };
        instruments.Start();
        new Thread(() => Watch(folder)) { IsBackground = true, Name = "who listens" }.Start();
    }

    private static void Watch(string folder)
    {
        var program =
            System.Reflection.Assembly.GetEntryAssembly()?.GetName().Name
            ?? Path.GetFileNameWithoutExtension(Environment.GetCommandLineArgs()[0]);
        var file = Path.Combine(folder, $"{program}-{Environment.ProcessId}.txt");
        var written = "";
        using var never = new ManualResetEventSlim();
        while (!never.Wait(Look))
        {
            var now = Report();
            if (now != written)
            {
                File.WriteAllText(file + ".new", now);
                File.Move(file + ".new", file, overwrite: true);
                written = now;
            }
        }
    }

    private static string Report()
    {
        lock (Gate)
        {
            foreach (var source in Sources.Keys)
            {
                Sources[source] |= source.HasListeners();
            }

            foreach (var instrument in Instruments.Keys)
            {
                Instruments[instrument] |= instrument.Enabled;
            }

            var lines = Sources
                .Select(one => $"source {one.Key.Name} {Word(one.Value)}")
                .Concat(Instruments.Select(one => $"instrument {one.Key.Meter.Name}/{one.Key.Name} {Word(one.Value)}"))
                .Concat(
                    AppDomain
                        .CurrentDomain.GetAssemblies()
                        .Select(assembly => assembly.GetName().Name!)
                        .Where(name => name.StartsWith("OpenTelemetry", StringComparison.Ordinal))
                        .Select(name => $"assembly {name} loaded")
                );
            return string.Join('\n', lines.Distinct().Order(StringComparer.Ordinal));
        }
    }

    private static string Word(bool heard) => heard ? "on" : "off";
}
