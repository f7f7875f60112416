using System.Globalization;
using CsCheck;
using Serverless.Local.Triggers.EventHubs.Ownership;

namespace Serverless.Local.Tests.Triggers.EventHubs;

public sealed class BalanceTests
{
    [Fact]
    public void Next_AnyNumberOfReadersAndPartitions_EndsEven() =>
        Gen.Select(Gen.Int[1, 32], Gen.Int[1, 8], Gen.Int[0, int.MaxValue - 1])
            .Sample(
                (count, readers, seed) =>
                {
                    var random = new Random(seed);
                    string[] partitions = [.. Enumerable.Range(0, count).Select(Text)];
                    var owners = new Dictionary<string, string>(StringComparer.Ordinal);
                    // In turns, as processes come to it, one claim each; until a whole turn claims nothing.
                    for (var claimed = true; claimed; )
                    {
                        claimed = false;
                        foreach (var reader in Enumerable.Range(0, readers).OrderBy(_ => random.Next()).Select(r => "reader" + Text(r)))
                        {
                            if (Balance.Next(partitions, Alive(owners), reader, random.Next) is not { } next)
                                continue;
                            owners[next] = reader;
                            claimed = true;
                        }
                    }
                    var loads = Enumerable.Range(0, readers).Select(r => owners.Count(o => o.Value == "reader" + Text(r))).ToList();
                    Assert.Equal(count, owners.Count);
                    Assert.True(loads.Max() - loads.Min() <= 1, $"{count} partitions: {string.Join(", ", loads)}");
                },
                iter: 500
            );

    [Fact]
    public void Next_FreeAndTakenPartitions_TakesAFreeOne()
    {
        var alive = Alive(
            new()
            {
                ["0"] = "a",
                ["1"] = "a",
                ["2"] = "a",
            }
        );

        Assert.Equal("3", Balance.Next(["0", "1", "2", "3"], alive, "b", _ => 0));
    }

    [Fact]
    public void Next_EvenLoad_TakesNothing()
    {
        var alive = Alive(
            new()
            {
                ["0"] = "a",
                ["1"] = "a",
                ["2"] = "b",
            }
        );

        Assert.Null(Balance.Next(["0", "1", "2"], alive, "a", _ => 0));
        Assert.Null(Balance.Next(["0", "1", "2"], alive, "b", _ => 0));
    }

    [Fact]
    public void Next_MoreReadersThanPartitions_LeavesTheLastWithNone()
    {
        var alive = Alive(new() { ["0"] = "a", ["1"] = "b" });

        Assert.Null(Balance.Next(["0", "1"], alive, "c", _ => 0));
    }

    private static List<PartitionOwnership> Alive(Dictionary<string, string> owners) =>
        [.. owners.Select(o => new PartitionOwnership(o.Key, o.Value, DateTimeOffset.UnixEpoch, ""))];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
