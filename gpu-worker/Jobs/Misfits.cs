using System.Text.Json;
using Azure.Storage.Queues;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Jobs;

/// <summary>
/// Jobs that this machine may not do. Receiving a message hides it from the others for a moment: a worker that knows that nothing else is there
/// looks without receiving, so that idle machines do not keep a job from the one that it waits for.
/// </summary>
internal sealed class Misfits(TimeProvider time)
{
    /// <summary>As many as one look shows.</summary>
    private const int PeekedMessages = 32;

    /// <summary>Then all are forgotten: a job that is met again is known again.</summary>
    private const int Most = 1000;

    /// <summary>How long it holds that a job has left this region: once it got on elsewhere it may come back.</summary>
    private static readonly TimeSpan Left = TimeSpan.FromSeconds(30);

    private readonly HashSet<string> jobs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> left = new(StringComparer.Ordinal);

    public void Add(string jobId) => Remember(jobId);

    /// <summary>The seats that it offers in that region alone: when its leader is gone, this machine may lead it.</summary>
    public void AddSeats(string jobId, string region) => Remember(Seats(jobId, region));

    /// <summary>The job that was tried in this region in vain, for a while; not the seats that another one may offer here.</summary>
    public void AddLeft(string jobId)
    {
        if (left.Count >= Most)
        {
            left.Clear();
        }

        left[jobId] = time.GetTimestamp();
    }

    private void Remember(string what)
    {
        if (jobs.Count >= Most)
        {
            jobs.Clear();
        }

        jobs.Add(what);
    }

    private static string Seats(string jobId, string region) => $"{jobId} in {region}";

    /// <summary>Whether receiving may give anything but them. Costs a request only while some are known.</summary>
    public async Task<bool> AnyOtherAsync(QueueClient queue, CancellationToken cancellationToken)
    {
        if (jobs.Count == 0 && left.Count == 0)
        {
            return true;
        }

        var seen = (await queue.PeekMessagesAsync(PeekedMessages, cancellationToken)).Value;
        return seen.Length == PeekedMessages || seen.Any(message => !IsOne(message.Body));
    }

    private bool IsOne(BinaryData body)
    {
        try
        {
            return body.ToObjectFromJson<JobMessage>(PipelineJson.Compact) is { JobId: { } job } message
                && (
                    jobs.Contains(job)
                    || message.Seat is { Region: { } region } && jobs.Contains(Seats(job, region))
                    || message.Seat is null && left.TryGetValue(job, out var since) && time.GetElapsedTime(since) < Left
                );
        }
        catch (JsonException)
        {
            // Whoever receives it says what is wrong with it.
            return false;
        }
    }
}
