using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Time.Testing;
using Serverless.Local.Hosting;
using Serverless.Local.Triggers.Queues;
using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers;

/// <summary>A function that runs longer than its message is hidden for.</summary>
public sealed class MessageHoldTests
{
    private static readonly QueueMessage Message = QueuesModelFactory.QueueMessage("id", "receipt-0", BinaryData.FromString("body"), 1);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hold_FunctionRunsForMinutes_IsRenewedLongBeforeItEnds()
    {
        var time = new FakeTimeProvider();
        var queue = new SeenUpdates();
        using var hold = new MessageHold(queue, Message, time, new SaidLog());

        var begin = time.GetUtcNow();
        await RenewedAsync(time, queue, 10);
        var last = await hold.ReleaseAsync();

        // Each with the receipt of the one before, and never later than half of the time it is hidden for.
        Assert.Equal(Enumerable.Range(0, queue.Updates.Count).Select(i => $"receipt-{i}"), queue.Updates.Select(update => update.Receipt));
        Assert.All(queue.Updates, update => Assert.Equal(QueueSettings.Lease, update.Hidden));
        Assert.Equal($"receipt-{queue.Updates.Count}", last);
        Assert.True(time.GetUtcNow() - begin < queue.Updates.Count * (QueueSettings.Lease / 2));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal($"receipt-{queue.Updates.Count}", last);
    }

    [Fact]
    public async Task Hold_StorageIsAwayForAMoment_IsTriedAgainWhileItIsHidden()
    {
        var time = new FakeTimeProvider();
        var queue = new SeenUpdates { Answer = new RequestFailedException(503, "busy") };
        using var hold = new MessageHold(queue, Message, time, new SaidLog());
        await Eventually.HoldsAsync(() => Advanced(time) && queue.Refused > 0, "a renewal that fails", Stop);

        queue.Answer = null;
        await RenewedAsync(time, queue, 1);

        Assert.Equal("receipt-1", await hold.ReleaseAsync());
    }

    [Fact]
    public async Task Hold_MessageWasTakenByAnother_SaysSoAndStops()
    {
        var time = new FakeTimeProvider();
        using var log = new SaidLog();
        var queue = new SeenUpdates { Answer = new RequestFailedException(404, "gone") };
        using var hold = new MessageHold(queue, Message, time, log);

        await Eventually.HoldsAsync(
            () => Advanced(time) && log.Lines.Any(line => line.Contains("was shown to others", StringComparison.Ordinal)),
            "the warning",
            Stop
        );

        Assert.Equal("receipt-0", await hold.ReleaseAsync());
        Assert.Equal(1, queue.Refused);
    }

    private static Task RenewedAsync(FakeTimeProvider time, SeenUpdates queue, int times) =>
        Eventually.HoldsAsync(
            () =>
            {
                // A step at a time, so that no renewal is late by the test's own fault.
                var seen = queue.Updates.Count;
                time.Advance(QueueSettings.Lease / 3);
                SpinWait.SpinUntil(() => queue.Updates.Count > seen, TimeSpan.FromSeconds(5));
                return queue.Updates.Count >= times;
            },
            $"{times} renewals",
            Stop
        );

    private static bool Advanced(FakeTimeProvider time)
    {
        time.Advance(TimeSpan.FromSeconds(1));
        return true;
    }

    /// <summary>A queue that notes the renewals, or refuses them.</summary>
    private sealed class SeenUpdates : QueueClient
    {
        private readonly List<(string Receipt, TimeSpan Hidden)> updates = [];

        public RequestFailedException? Answer { get; set; }

        public int Refused { get; private set; }

        public override string Name => "held";

        public IReadOnlyList<(string Receipt, TimeSpan Hidden)> Updates
        {
            get
            {
                lock (updates)
                    return [.. updates];
            }
        }

        public override Task<Response<UpdateReceipt>> UpdateMessageAsync(
            string messageId,
            string popReceipt,
            BinaryData message,
            TimeSpan visibilityTimeout = default,
            CancellationToken cancellationToken = default
        )
        {
            if (Answer is { } refusal)
            {
                Refused++;
                throw refusal;
            }
            lock (updates)
            {
                updates.Add((popReceipt, visibilityTimeout));
                return Task.FromResult(Response.FromValue(QueuesModelFactory.UpdateReceipt($"receipt-{updates.Count}", default), null!));
            }
        }
    }
}
