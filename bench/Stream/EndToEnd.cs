using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Bench.Frame;
using Serverless.Bench.Infer;
using Serverless.Cli.Stack;
using Serverless.Local.EventHubs;
using Serverless.Local.Triggers.EventHubs;
using Serverless.Local.Triggers.EventHubs.Amqp;
using Serverless.Pipeline.Storage;
using Serverless.Testing;
using Serverless.Testing.Serving;

namespace Serverless.Bench.Stream;

/// <summary>
/// Events through the broker (durable, flushed before every acknowledgement), the app's function and the broker again, all on this machine's cores with the
/// sender. The age of a result is between the two times at which the broker took event and result.
/// </summary>
internal sealed class EndToEnd(FakeModels models, int seed)
{
    private const int Drained = 800_000;

    /// <summary>The clock starts when so many are scored and the code is compiled for speed; what a cold app does to begin with is another figure.</summary>
    private const int WarmUp = 200_000;

    private const int Flowing = 200_000;
    private const int HalfLoad = 12_500;
    private const int HalfLoadSeconds = 20;
    private const int SendBatch = 500;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(2);

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        await using var azurite = await AzuriteServer.StartAsync(new AzuriteOptions(), cancellationToken);
        await azurite.Clients().CreateMissingAsync(cancellationToken);
        await using var broker = await EventHubsBroker.StartAsync(
            new EventHubsOptions { Folder = folder.File("hubs"), Port = 0 },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            cancellationToken
        );
        await using var connections = new HubConnections(EventHubsConnectionString.Parse(broker.ConnectionString), TimeProvider.System);
        var bodies = BenchEvents.Bodies(new BenchRows(8192, seed), "bench");
        var sent = 0;
        await SendAsync(connections, bodies, Drained, rate: 0, cancellationToken);
        sent += Drained;
        await using var app = await StreamApp.StartAsync(
            folder.File("app"),
            models,
            broker.ConnectionString,
            azurite.ConnectionString,
            cancellationToken
        );
        await UntilAsync(() => app.Scored > 0, cancellationToken);
        var cold = Stopwatch.StartNew();
        await UntilAsync(() => app.Scored >= WarmUp, cancellationToken);
        var coldRate = WarmUp / cold.Elapsed.TotalSeconds;
        var (first, clock, busy) = (app.Scored, Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        await UntilAsync(() => app.Scored >= sent, cancellationToken);
        var drain = (sent - first) / clock.Elapsed.TotalSeconds;
        var drainWork = (Environment.CpuUsage.TotalTime - busy).TotalMicroseconds / (sent - first);

        clock.Restart();
        busy = Environment.CpuUsage.TotalTime;
        await SendAsync(connections, bodies, Flowing, rate: 0, cancellationToken);
        var sending = clock.Elapsed;
        sent += Flowing;
        await UntilAsync(() => app.Scored >= sent, cancellationToken);
        var flow = Flowing / clock.Elapsed.TotalSeconds;
        var flowWork = (Environment.CpuUsage.TotalTime - busy).TotalMicroseconds / Flowing;

        await SendAsync(connections, bodies, HalfLoad * HalfLoadSeconds, HalfLoad, cancellationToken);
        sent += HalfLoad * HalfLoadSeconds;
        await UntilAsync(() => app.Scored >= sent, cancellationToken);
        var ages = await AgesAsync(connections, sent, HalfLoad * HalfLoadSeconds, cancellationToken);
        return
        [
            new("stream/end to end, a hub that is full is drained", drain, null, "/s"),
            new($"stream/the same, the first {WarmUp:N0} of a cold app", coldRate, null, "/s"),
            new("stream/end to end, events flow: sent and scored at once", flow, null, "/s"),
            new("stream/of that, the sending", Flowing / sending.TotalSeconds, null, "/s"),
            new("stream/processor time an event while a hub is drained (app and broker)", drainWork, null, "µs"),
            new("stream/processor time an event while events flow (sender, app and broker)", flowWork, null, "µs"),
            new($"stream/age of a result at {HalfLoad:N0} events a second, median", ages[ages.Length / 2], null, "ms"),
            new($"stream/age of a result at {HalfLoad:N0} events a second, p99", ages[(int)(ages.Length * 0.99)], null, "ms"),
        ];
    }

    /// <param name="connections">The namespace.</param>
    /// <param name="bodies">Gone through again and again.</param>
    /// <param name="count">Events.</param>
    /// <param name="rate">A second; 0 is as fast as it goes.</param>
    /// <param name="cancellationToken">Ends the sending.</param>
    private static async Task SendAsync(
        HubConnections connections,
        IReadOnlyList<byte[]> bodies,
        int count,
        int rate,
        CancellationToken cancellationToken
    )
    {
        await using var sender = new HubSender(connections, Hubs.Telemetry, ClientRetry.Default, TimeProvider.System);
        // At a rate, small batches often: a large one would make its first event wait for its last.
        var batch = rate > 0 ? rate / 100 : SendBatch;
        var clock = Stopwatch.StartNew();
        var open = new Queue<Task>();
        for (var at = 0; at < count; at += batch)
        {
            var start = at;
            OutgoingEvent[] events =
            [
                .. Enumerable.Range(start, Math.Min(batch, count - start)).Select(i => new OutgoingEvent(bodies[i % bodies.Count])),
            ];
            open.Enqueue(sender.SendAsync(events, cancellationToken));
            if (open.Count > 8)
            {
                await open.Dequeue();
            }

            if (rate > 0 && TimeSpan.FromSeconds((double)(at + batch) / rate) - clock.Elapsed is var early && early > TimeSpan.Zero)
            {
                await Task.Delay(early, cancellationToken);
            }
        }

        await Task.WhenAll(open);
    }

    /// <summary>Milliseconds of the last results, in order; all results are there, or it throws.</summary>
    private static async Task<double[]> AgesAsync(HubConnections connections, int sent, int last, CancellationToken cancellationToken)
    {
        var connection = await connections.GetAsync(cancellationToken);
        var results = new List<(DateTimeOffset At, double Age)>(sent);
        foreach (var partition in await connection.PartitionsAsync(Hubs.Predictions, cancellationToken))
        {
            await using var receiver = await PartitionReceiver.OpenAsync(
                connection,
                AmqpNames.PartitionPath(Hubs.Predictions, "$Default", partition),
                Positions.Start,
                5000,
                "bench",
                cancellationToken
            );
            using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            while (true)
            {
                quiet.CancelAfter(TimeSpan.FromSeconds(2));
                var events = await receiver.ReadAsync(5000, 1, TimeSpan.Zero, TimeProvider.System, quiet.Token);
                if (events.Count == 0)
                {
                    break;
                }

                foreach (var one in events)
                {
                    using var json = JsonDocument.Parse(one.EventBody);
                    var taken = json.RootElement.GetProperty("enqueuedAt").GetDateTimeOffset();
                    results.Add((taken, (one.EnqueuedTime - taken).TotalMilliseconds));
                }
            }
        }

        return results.Count >= sent
            ? [.. results.OrderBy(result => result.At).Skip(results.Count - last).Select(result => result.Age).Order()]
            : throw new InvalidOperationException($"{results.Count} results of {sent} events.");
    }

    private static async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (!condition())
        {
            await Task.Delay(Poll, cancellationToken);
        }
    }
}
