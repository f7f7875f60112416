namespace Serverless.Local.Hosting;

/// <summary>Section <c>extensions.http</c>; -1 is no limit, as on the platform.</summary>
internal sealed class HttpSettings(HostSettings host)
{
    /// <summary>HTTP functions that run at the same time; the next ones wait. Default: no limit.</summary>
    public int MaxConcurrent { get; } = Limit(host, "maxConcurrentRequests");

    /// <summary>Requests that run or wait; the next ones are answered 429. Default: no limit.</summary>
    public int MaxOutstanding { get; } = Limit(host, "maxOutstandingRequests");

    private static int Limit(HostSettings host, string key)
    {
        var limit = host.Number("extensions:http:" + key, -1, -1, 1_000_000);
        return limit == 0
            ? throw new InvalidOperationException($"host.json: extensions.http.{key} is '0'; expected 1 or more, or -1 for no limit.")
            : limit;
    }
}
