using System.Collections.Concurrent;
using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers.EventHubs;

/// <summary>What the functions of these tests were given, each under its own name: the runtime makes their instances.</summary>
internal static class SeenEvents
{
    private static readonly ConcurrentDictionary<string, ConcurrentQueue<string>> Seen = new();

    public static ConcurrentQueue<string> Of(string name) => Seen.GetOrAdd(name, _ => new());

    public static void See(string name, string text) => Of(name).Enqueue(text);

    public static Task SeesAsync(string name, string text) =>
        Eventually.HoldsAsync(() => Of(name).Contains(text), $"{name}: {text}", TestContext.Current.CancellationToken);
}
