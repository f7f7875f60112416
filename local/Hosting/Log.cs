using Microsoft.Extensions.Logging;

namespace Serverless.Local.Hosting;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Functions} functions on {Url}; keys in {Keys}")]
    public static partial void Started(ILogger logger, int functions, string url, string keys);

    [LoggerMessage(2, LogLevel.Debug, "{Function}: {Trigger}")]
    public static partial void Found(ILogger logger, string function, string trigger);

    [LoggerMessage(3, LogLevel.Error, "Function '{Function}' failed (invocation {Invocation})")]
    public static partial void Failed(ILogger logger, string function, string invocation, Exception exception);

    [LoggerMessage(4, LogLevel.Critical, "The durable engine did not start; the app stops")]
    public static partial void EngineFailed(ILogger logger, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "Work still ran {Seconds} s after the stop was asked for; it is cancelled")]
    public static partial void DrainTooLong(ILogger logger, double seconds);

    [LoggerMessage(6, LogLevel.Information, "Event Hubs on sb://localhost:{Port}: {Hubs}")]
    public static partial void BrokerStarted(ILogger logger, int port, string hubs);

    [LoggerMessage(7, LogLevel.Information, "Port {Port} is served already; its Event Hubs broker is used")]
    public static partial void BrokerElsewhere(ILogger logger, int port);

    [LoggerMessage(8, LogLevel.Critical, "The Event Hubs broker did not start; the app stops")]
    public static partial void BrokerFailed(ILogger logger, Exception exception);

    [LoggerMessage(9, LogLevel.Warning, "The app's address could not be written to {Folder}, so the command line does not find it: {Why}")]
    public static partial void NotAnnounced(ILogger logger, string folder, string why);
}
