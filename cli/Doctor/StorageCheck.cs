using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Azure;
using Serverless.Pipeline.Storage;

namespace Serverless.Cli.Doctor;

/// <summary>Reachability, rights, names and clock of a storage account. Reads alone: nothing is made or changed.</summary>
/// <param name="storage">The account.</param>
/// <param name="time">This machine's clock.</param>
/// <param name="local">It is a local stack's, whose app makes what is missing.</param>
internal sealed class StorageCheck(StorageClients storage, TimeProvider time, bool local)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Storage refuses a signature that is off by more.</summary>
    private static readonly TimeSpan Refused = TimeSpan.FromMinutes(15);

    /// <summary>A Date header has whole seconds, and answers take time.</summary>
    private static readonly TimeSpan Noticeable = TimeSpan.FromSeconds(30);

    private TimeSpan? skew;

    /// <summary>Queues that are there, with those for what was given up; empty when the service did not answer.</summary>
    public IReadOnlyList<string> Queues { get; private set; } = [];

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        var blobs = LookAsync(
            "Blob",
            storage.Blobs.Uri,
            token => NamesAsync(storage.Blobs.GetBlobContainersAsync(cancellationToken: token), container => container.Name),
            Containers.All,
            cancellationToken
        );
        var queues = LookAsync(
            "Queue",
            storage.Queues.Uri,
            token => NamesAsync(storage.Queues.GetQueuesAsync(cancellationToken: token), queue => queue.Name),
            Pipeline.Storage.Queues.All,
            cancellationToken
        );
        var tables = LookAsync(
            "Table",
            storage.Tables.Uri,
            token => NamesAsync(storage.Tables.QueryAsync(cancellationToken: token), table => table.Name),
            Tables.All,
            cancellationToken
        );
        var services = new[] { await blobs, await queues, await tables };
        Queues = services[1].Names;
        return [.. services.SelectMany(service => service.Findings), Clock()];
    }

    private async Task<(IReadOnlyList<Finding> Findings, IReadOnlyList<string> Names)> LookAsync(
        string service,
        Uri uri,
        Func<CancellationToken, Task<List<string>>> ask,
        IReadOnlyList<string> expected,
        CancellationToken cancellationToken
    )
    {
        var check = $"storage, {service.ToLowerInvariant()}s";
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await ReachAsync(uri, patience.Token);
            var clock = Stopwatch.StartNew();
            var names = await ask(patience.Token);
            var took = clock.ElapsedMilliseconds;
            var missing = expected.Except(names, StringComparer.Ordinal).ToList();
            return ([Names(check, missing, names.Count, took)], names);
        }
        catch (Exception problem) when (problem is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Remember((problem as RequestFailedException)?.GetRawResponse());
            return ([StorageAnswers.Explain(check, service, uri, problem)], []);
        }
    }

    /// <summary>A closed port is told at once; the storage client would try for many seconds.</summary>
    private static async Task ReachAsync(Uri uri, CancellationToken cancellationToken)
    {
        if (HttpClient.DefaultProxy.IsBypassed(uri))
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(uri.Host, uri.Port, cancellationToken);
        }
    }

    private Finding Names(string check, List<string> missing, int count, long milliseconds)
    {
        if (missing.Count == 0)
        {
            return Finding.Ok(check, string.Create(CultureInfo.InvariantCulture, $"{count} there, answered in {milliseconds} ms"));
        }

        var found = $"missing: {string.Join(", ", missing)}";
        return local
            ? Finding.Warning(check, found, "The app makes them when it starts: 'serverless up'.")
            : Finding.Error(check, found, "Deploy the template again; it makes them. Or is it another account?");
    }

    private async Task<List<string>> NamesAsync<T>(AsyncPageable<T> listing, Func<T, string> name)
        where T : notnull
    {
        var names = new List<string>();
        await foreach (var page in listing.AsPages())
        {
            Remember(page.GetRawResponse());
            names.AddRange(page.Values.Select(name));
        }

        return names;
    }

    private void Remember(Response? response)
    {
        if (response?.Headers.Date is { } date)
        {
            skew = time.GetUtcNow() - date;
        }
    }

    private Finding Clock()
    {
        if (skew is not { } off)
        {
            return Finding.Skipped("clock", "storage gave no time to compare with");
        }

        var seconds = string.Create(
            CultureInfo.InvariantCulture,
            $"{Math.Abs(off.TotalSeconds):0} s {(off > TimeSpan.Zero ? "ahead of" : "behind")} storage's"
        );
        const string Advice = "Set this machine's clock by the network (Linux: 'timedatectl set-ntp true').";
        return off.Duration() > Refused ? Finding.Error("clock", $"{seconds}: signatures are refused from 15 minutes on", Advice)
            : off.Duration() > Noticeable ? Finding.Warning("clock", $"{seconds}: leases and ages are judged wrongly", Advice)
            : Finding.Ok("clock", $"within {Noticeable.TotalSeconds:0} s of storage's");
    }
}
