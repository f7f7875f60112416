using Microsoft.Extensions.Time.Testing;
using Serverless.Local.Logs;
using Serverless.Testing;

namespace Serverless.Local.Tests.Log;

public sealed class GatheringTests
{
    private readonly FakeTimeProvider time = new();
    private readonly Gathering gathering;
    private int records;

    public GatheringTests() => gathering = new Gathering(time);

    [Fact]
    public void Wait_OneProducer_DoesNotWait()
    {
        Flush(1, behind: 0);
        records = 1;

        gathering.Wait(ref records);

        Assert.Equal(1, records);
    }

    [Fact]
    public async Task Wait_ProducersComeBack_GoesWhenAllOfThemAreThere()
    {
        Flush(3, behind: 1);
        records = 2;

        var waiting = Task.Run(() => gathering.Wait(ref records), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<TimeoutException>(() =>
            waiting.WaitAsync(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken)
        );
        Volatile.Write(ref records, 4);

        await waiting.WaitAsync(Eventually.Deadline, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Wait_NobodyComesBack_GoesWhenItsPatienceEnds()
    {
        Flush(3, behind: 0);
        records = 1;

        var waiting = Task.Run(() => gathering.Wait(ref records), TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMicroseconds(60));
                return waiting.IsCompleted;
            },
            "the end of the waiting",
            TestContext.Current.CancellationToken
        );

        Assert.Equal(1, records);
    }

    [Fact]
    public void Wait_WokenByNoRecord_DoesNotWait()
    {
        Flush(3, behind: 0);

        gathering.Wait(ref records);

        Assert.Equal(0, records);
    }

    /// <summary>A flush of 1 ms.</summary>
    private void Flush(int group, int behind)
    {
        gathering.Begin(group);
        time.Advance(TimeSpan.FromMilliseconds(1));
        gathering.End(behind);
    }
}
