using Microsoft.Extensions.Configuration;

namespace Serverless.Local.Hosting;

/// <summary>
/// <c>host.json</c>, and settings named <c>AzureFunctionsJobHost__a__b</c> that override it, as on the platform.
/// </summary>
internal sealed class HostSettings
{
    private readonly string _origin;
    private readonly IConfiguration _values;

    private HostSettings(string origin, IConfiguration values)
    {
        _origin = origin;
        _values = values;
        RoutePrefix = Text("extensions:http:routePrefix", "api").Trim('/');
        FunctionTimeout = Timeout();
        Queues = new QueueSettings(this);
    }

    /// <summary>Before every route of an HTTP function. Default: api.</summary>
    public string RoutePrefix { get; }

    /// <summary>How long a function that is not an HTTP function may run. Default: 30 minutes; null (-1) has no limit.</summary>
    public TimeSpan? FunctionTimeout { get; }

    public QueueSettings Queues { get; }

    public static HostSettings Read(string? path, IConfiguration configuration)
    {
        var builder = new ConfigurationBuilder();
        if (path is not null)
            builder.AddJsonFile(path, optional: false, reloadOnChange: false);
        builder.AddConfiguration(configuration.GetSection("AzureFunctionsJobHost"));
        try
        {
            return new HostSettings(path ?? "host.json", builder.Build());
        }
        catch (InvalidDataException e)
        {
            throw new InvalidOperationException($"{path}: {(e.InnerException ?? e).Message}", e);
        }
    }

    public string Text(string key, string otherwise) => _values[key] ?? otherwise;

    public string? Text(string key) => _values[key];

    public int Number(string key, int otherwise, int least, int most)
    {
        if (_values[key] is not { } text)
            return otherwise;
        return int.TryParse(text, out var number) && number >= least && number <= most
            ? number
            : throw Wrong(key, text, $"a whole number from {least} to {most}");
    }

    public TimeSpan Span(string key, TimeSpan otherwise, TimeSpan least, TimeSpan most)
    {
        if (_values[key] is not { } text)
            return otherwise;
        return TimeSpan.TryParse(text, out var span) && span >= least && span <= most
            ? span
            : throw Wrong(key, text, $"a time from {least:c} to {most:c}, as hh:mm:ss");
    }

    private TimeSpan? Timeout() =>
        Text("functionTimeout") is "-1" or "-00:00:01"
            ? null
            : Span("functionTimeout", TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(1), TimeSpan.FromDays(10));

    private InvalidOperationException Wrong(string key, string found, string expected) =>
        new($"{_origin}: {key.Replace(':', '.')} is '{found}'; expected {expected}.");
}

/// <summary>Section <c>extensions.queues</c>.</summary>
internal sealed class QueueSettings(HostSettings host)
{
    /// <summary>Messages taken at once, for each function. Default 16, at most 32.</summary>
    public int BatchSize { get; } = host.Number("extensions:queues:batchSize", 16, 1, 32);

    /// <summary>More are taken when this many are left in work. Default: half the batch.</summary>
    public int NewBatchThreshold { get; } =
        host.Number("extensions:queues:newBatchThreshold", host.Number("extensions:queues:batchSize", 16, 1, 32) / 2, 0, 1000);

    /// <summary>How long a message that failed waits for its next try. Default: none.</summary>
    public TimeSpan VisibilityTimeout { get; } =
        host.Span("extensions:queues:visibilityTimeout", TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromDays(7));

    /// <summary>Tries before a message goes to the poison queue. Default 5.</summary>
    public int MaxDequeueCount { get; } = host.Number("extensions:queues:maxDequeueCount", 5, 1, 10_000);

    /// <summary>The longest wait between two looks at an empty queue. Default 2 s (the platform: 1 min, which is long at a desk).</summary>
    public TimeSpan MaxPollingInterval { get; } =
        host.Span("extensions:queues:maxPollingInterval", TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));

    /// <summary>
    /// How long a received message stays hidden before it is renewed. The platform takes 10 minutes; here a killed app should not wait that long.
    /// </summary>
    public static TimeSpan Lease { get; } = TimeSpan.FromSeconds(20);
}
