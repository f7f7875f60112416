using System.Diagnostics;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting;

namespace Serverless.Local.Triggers.Drops;

/// <summary>
/// Stands in for Event Grid, which Azurite does not have: looks at containers and writes the message that a system topic would
/// write for each new or changed blob. At least once: the message is sent before it is noted that it was, and what a killed storage
/// emulator has forgotten is sent again.
/// </summary>
internal sealed partial class DropWatcher : IListener, IDisposable
{
    /// <summary>So many are sent again at most when the connection is lost before they are marked.</summary>
    private const int MessagesPerMark = 8;

    private readonly DropOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly QueueClient _queue;
    private readonly List<(BlobContainerClient Container, SeenBlobs Seen, ToldMark Mark)> _watched;
    private bool _created;

    public DropWatcher(DropOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        var sending = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64, RetryPolicy = new AnsweredRetries() };
        _queue = new QueueClient(options.ConnectionString, options.Queue, sending);
        var service = new BlobServiceClient(options.ConnectionString);
        _watched =
        [
            .. options.Containers.Select(name =>
            {
                var path = Path.Combine(options.StateFolder, $"{service.AccountName}-{name}.jsonl");
                return (service.GetBlobContainerClient(name), new SeenBlobs(path), new ToldMark(_queue, path));
            }),
        ];
    }

    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        var outage = new Outage(_logger, $"containers {string.Join(", ", _options.Containers)}");
        while (!stop.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                await LookAsync(stop);
                outage.End();
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                _created = false;
            }
            catch (Exception e) when (Outage.IsOne(e, stop))
            {
                outage.Begin(e);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            // With very many blobs a look is work for storage: leave it four fifths of the time.
            var busy = Stopwatch.GetElapsedTime(began) * 4;
            await Pause.For(busy > _options.Interval ? busy : _options.Interval, _time, stop);
        }
    }

    /// <summary>Looks once at every container.</summary>
    /// <returns>Messages sent.</returns>
    public async Task<int> LookAsync(CancellationToken cancellationToken)
    {
        if (!_created)
        {
            await _queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            foreach (var (container, _, _) in _watched)
                await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            _created = true;
        }
        var sent = 0;
        foreach (var (container, seen, mark) in _watched)
        {
            var marked = await mark.ReadAsync(cancellationToken);
            if (marked < seen.Last)
            {
                var names = seen.ForgetAfter(marked);
                TellAgain(_logger, _options.Queue, container.Name, string.Join(", ", names));
            }
            seen.Reach(marked);
            sent += await LookAsync(container, seen, mark, cancellationToken);
        }
        return sent;
    }

    public void Dispose()
    {
        foreach (var (_, seen, _) in _watched)
            seen.Dispose();
    }

    private async Task<int> LookAsync(BlobContainerClient container, SeenBlobs seen, ToldMark mark, CancellationToken cancellationToken)
    {
        var sent = 0;
        var names = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var blob in container.GetBlobsAsync(cancellationToken: cancellationToken))
        {
            names.Add(blob.Name);
            var etag = blob.Properties.ETag?.ToString() ?? "";
            if (seen.Has(blob.Name, etag))
                continue;
            await SendAsync(container, blob, cancellationToken);
            seen.Add(blob.Name, etag);
            if (++sent % MessagesPerMark == 0)
                await mark.WriteAsync(seen.Last, cancellationToken);
        }
        if (sent % MessagesPerMark != 0)
            await mark.WriteAsync(seen.Last, cancellationToken);
        seen.Keep(names);
        return sent;
    }

    private async Task SendAsync(BlobContainerClient container, BlobItem blob, CancellationToken cancellationToken)
    {
        var url = container.GetBlobClient(blob.Name).Uri;
        var message = BlobCreatedEvent.For(container.AccountName, container.Name, url, blob);
        await _queue.SendMessageAsync(message.ToMessage(), cancellationToken: cancellationToken);
        Dropped(_logger, message.Subject, _options.Queue);
    }

    [LoggerMessage(
        51,
        LogLevel.Warning,
        "Queue '{Queue}' does not have the last messages about container '{Container}' for certain (storage was killed, or this app was); they are sent again for: {Names}"
    )]
    private static partial void TellAgain(ILogger logger, string queue, string container, string names);

    [LoggerMessage(50, LogLevel.Debug, "{Subject} is told to queue '{Queue}'")]
    private static partial void Dropped(ILogger logger, string subject, string queue);
}
