using System.ComponentModel.DataAnnotations;

namespace Serverless.Pipeline.Streaming;

/// <summary>Configuration section <c>Streaming</c> (<c>Streaming__ModelWait</c> and so on).</summary>
public sealed record StreamingOptions
{
    public const string Section = "Streaming";

    /// <summary>
    /// How long events wait for a model that is in production and does not load, 0 to 20 min. Default 1 min; then they are set aside, and
    /// later ones at once, until it loads.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:20:00")]
    public TimeSpan ModelWait { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long one model may score its events of one batch, 1 s to 20 min. Default 5 min; then they are set aside. A batch of several models may
    /// take as long for each: together with the other waits it has to end before <c>functionTimeout</c> (30 min).
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:20:00")]
    public TimeSpan ScoreWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a batch tries to write its dead letters, 1 s to 20 min. Default 2 min; then their positions go to the log, and the partition
    /// goes on: the hub itself keeps the events for its retention.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:20:00")]
    public TimeSpan DeadLetterWait { get; init; } = TimeSpan.FromMinutes(2);
}
