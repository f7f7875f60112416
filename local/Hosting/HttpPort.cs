using System.Globalization;

namespace Serverless.Local.Hosting;

/// <summary>The HTTP port: <c>--port</c>, else <c>FUNCTIONS_HTTP_PORT</c>, else <c>local.settings.json</c>, else 7071. 0 takes a free one.</summary>
internal static class HttpPort
{
    public const int Default = 7071;

    public static int Choose(IReadOnlyList<string> arguments, string? environment, int? settings)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] is "--port" or "-p")
            {
                return i + 1 < arguments.Count
                    ? Parse(arguments[i + 1], arguments[i])
                    : throw new InvalidOperationException($"{arguments[i]} needs a number, for example --port {Default}.");
            }
            if (arguments[i].StartsWith("--port=", StringComparison.Ordinal))
                return Parse(arguments[i]["--port=".Length..], "--port");
        }
        return string.IsNullOrWhiteSpace(environment) ? settings ?? Default : Parse(environment, "FUNCTIONS_HTTP_PORT");
    }

    public static int Parse(string text, string where) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= ushort.MaxValue
            ? port
            : throw new InvalidOperationException($"{where} is '{text}'; expected a port from 0 (a free one) to {ushort.MaxValue}.");
}
