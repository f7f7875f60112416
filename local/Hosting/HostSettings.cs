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
        QueueSettings.CheckEncoding(this);
        Queues = new QueueSettings(this);
        Http = new HttpSettings(this);
    }

    /// <summary>Before every route of an HTTP function. Default: api.</summary>
    public string RoutePrefix { get; }

    /// <summary>How long a function may run. Default: 30 minutes; null (-1) has no limit.</summary>
    public TimeSpan? FunctionTimeout { get; }

    public QueueSettings Queues { get; }

    public HttpSettings Http { get; }

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

    /// <summary>A setting that has one value here, written or not.</summary>
    /// <exception cref="InvalidOperationException">It has another.</exception>
    public void Only(string key, string value, string cure)
    {
        if (_values[key] is { } text && !string.Equals(text, value, StringComparison.OrdinalIgnoreCase))
            throw Wrong(key, text, $"'{value}' or nothing. {cure}");
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
        new($"{_origin}: {key.Replace(':', '.')} is '{found}'; expected {expected.TrimEnd('.')}.");
}
