using System.Globalization;
using Microsoft.Extensions.Configuration;
using Serverless.Local.EventHubs;

namespace Serverless.Local.Hosting.EventHubs;

/// <summary>Reads the settings <c>EventHubConnection</c> and <c>EventHubs:*</c>.</summary>
internal static class EventHubsSettings
{
    /// <summary>The setting whose connection string names the broker.</summary>
    public const string Connection = "EventHubConnection";

    private const string Section = "EventHubs";

    /// <summary>What to start the broker with; null where the connection names another one, or <c>EventHubs:Enabled</c> is false.</summary>
    /// <exception cref="InvalidOperationException">A setting cannot be read; the message says which and what was expected.</exception>
    public static EventHubsOptions? Read(IConfiguration configuration, string home)
    {
        if (
            string.IsNullOrWhiteSpace(configuration[Connection])
            || string.Equals(configuration[Section + ":Enabled"], "false", StringComparison.OrdinalIgnoreCase)
        )
            return null;
        try
        {
            var connection = EventHubsConnectionString.Parse(configuration[Connection]!);
            if (!connection.IsLocalEmulator)
                return null;
            var options = new EventHubsOptions
            {
                Folder = Path.Combine(home, "eventhubs"),
                Port = connection.Port,
                KeyName = connection.KeyName,
                Key = connection.Key,
                Flush = Flush(configuration),
            };
            var hubs = configuration.GetSection(Section + ":Hubs").GetChildren().Select(Hub).ToList();
            options = hubs.Count == 0 ? options : options with { Hubs = hubs };
            EventHubsOptionsRules.Check(options);
            return options;
        }
        catch (FormatException e)
        {
            throw new InvalidOperationException($"Setting '{Connection}': {e.Message}", e);
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException(e.Message, e);
        }
    }

    private static TimeSpan Flush(IConfiguration configuration) =>
        Number(configuration.GetSection(Section), "FlushMilliseconds", 0, -1, 60_000) is var milliseconds and >= 0
            ? TimeSpan.FromMilliseconds(milliseconds)
            : Timeout.InfiniteTimeSpan;

    private static HubOptions Hub(IConfigurationSection section)
    {
        var hub = new HubOptions(section.Key);
        return hub with
        {
            Partitions = (int)Number(section, "Partitions", hub.Partitions, 1, 1024),
            ConsumerGroups = (section["ConsumerGroups"] ?? "").Split(
                ',',
                StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries
            ),
            Retention = TimeSpan.FromHours(Number(section, "RetentionHours", (long)hub.Retention.TotalHours, 1, 24 * 90)),
            RetentionBytes = Number(section, "RetentionMegabytes", hub.RetentionBytes >> 20, 1, 1 << 20) << 20,
        };
    }

    private static long Number(IConfigurationSection section, string key, long otherwise, long least, long most) =>
        section[key] is not { Length: > 0 } text ? otherwise
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number >= least
        && number <= most
            ? number
        : throw new InvalidOperationException(
            $"Setting '{section.Path}:{key}' is '{text}'; expected a whole number from {least} to {most}."
        );
}
