namespace Serverless.Local.Durable;

/// <summary>Where an instance's records lie: its first, its last, the one with its end, the one with its last custom status; and their bytes.</summary>
internal readonly record struct HistoryPlace(long First, long Last, long End, long Status, long Bytes)
{
    public static HistoryPlace None { get; } = new(-1, -1, -1, -1, 0);
}
