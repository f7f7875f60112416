using Serverless.Pipeline.Monitoring;

namespace Serverless.Pipeline.Tests.Monitoring;

public sealed class VersionCountsTests
{
    [Fact]
    public void Take_AfterRows_GivesEachOnceInItsBin()
    {
        var reference = Watched.Reference();
        var counts = new VersionCounts(Watched.Signature(), reference);
        var (batch, predictions) = Watched.Rows(1000, seed: 7);

        counts.Add(batch, predictions);
        var taken = counts.Take()!;

        Assert.Equal(1000, taken.Rows);
        Assert.Equal(reference.Columns.Select(column => column.Counts), taken.Columns);
        Assert.Equal(reference.Prediction.Counts, taken.Prediction);
        Assert.Null(counts.Take());
    }

    [Fact]
    public async Task Add_ManyAtOnce_LosesNothing()
    {
        var counts = new VersionCounts(Watched.Signature(), Watched.Reference());
        var (batch, predictions) = Watched.Rows(150, seed: 3);
        var sum = 0L;

        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(_ =>
                    Task.Run(
                        () =>
                        {
                            for (var i = 0; i < 50; i++)
                            {
                                counts.Add(batch, predictions);
                                Interlocked.Add(ref sum, counts.Take()?.Columns[0].Sum() ?? 0);
                            }
                        },
                        TestContext.Current.CancellationToken
                    )
                )
        );

        Assert.Equal(8 * 50 * 150, sum + (counts.Take()?.Rows ?? 0));
    }

    [Fact]
    public void Add_WideModel_CountsEveryNthRowWhateverTheRequestsLength()
    {
        const int Numbers = 150;
        var counts = new VersionCounts(Watched.Signature(Numbers), Watched.Reference(100, Numbers));
        var (one, answer) = Watched.Rows(1, seed: 5, numbers: Numbers);
        var (many, answers) = Watched.Rows(200, seed: 5, numbers: Numbers);

        for (var i = 0; i < 100; i++)
        {
            counts.Add(one, answer);
        }

        counts.Add(many, answers);

        // 151 inputs: every third row.
        Assert.Equal(100, counts.Take()!.Rows);
    }

    [Fact]
    public void Add_AfterTheFirst_AllocatesNothing()
    {
        var counts = new VersionCounts(Watched.Signature(), Watched.Reference());
        var (batch, predictions) = Watched.Rows(100, seed: 3);
        counts.Add(batch, predictions);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++)
        {
            counts.Add(batch, predictions);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void New_ReferenceOfOtherColumns_IsRefused() =>
        Assert.Throws<InvalidDataException>(() => new VersionCounts(Watched.Signature(2), Watched.Reference()));
}
