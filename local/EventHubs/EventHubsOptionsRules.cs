namespace Serverless.Local.EventHubs;

/// <summary>Says at start what a setting should have been.</summary>
internal static class EventHubsOptionsRules
{
    public static void Check(EventHubsOptions options)
    {
        Between(options.Port, 0, 65_535, "The port");
        Between(options.MaxMessageBytes, 1024, 16 * 1024 * 1024, "The largest message in bytes");
        Between(options.SegmentBytes, 4096, 1L << 40, "A segment's size in bytes");
        if (options.Flush < TimeSpan.Zero && options.Flush != Timeout.InfiniteTimeSpan)
            throw new ArgumentException($"The flush interval of the Event Hubs broker is {options.Flush}; expected zero, a time, or none.");
        if (string.IsNullOrWhiteSpace(options.KeyName) || string.IsNullOrWhiteSpace(options.Key))
            throw new ArgumentException(
                "The Event Hubs broker has no key. Give its connection string SharedAccessKeyName and SharedAccessKey."
            );
        if (options.Hubs.Count == 0)
            throw new ArgumentException("The Event Hubs broker has no hubs; expected one or more.");
        foreach (var hub in options.Hubs)
        {
            Name(hub.Name, "An event hub");
            foreach (var group in hub.ConsumerGroups)
                Name(group, $"A consumer group of event hub '{hub.Name}'");
            Between(hub.Partitions, 1, 1024, $"The number of partitions of event hub '{hub.Name}'");
            Between((long)hub.Retention.TotalSeconds, 1, long.MaxValue, $"The retention of event hub '{hub.Name}' in seconds");
            Between(hub.RetentionBytes, 4096, long.MaxValue, $"The retention of event hub '{hub.Name}' in bytes");
        }
        if (options.Hubs.GroupBy(h => h.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"Event hub '{twice.Key}' is configured twice; expected each name once.");
    }

    private static void Name(string name, string what)
    {
        if (
            name.Length is < 1 or > 50
            || !char.IsAsciiLetterOrDigit(name[0])
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
        )
            throw new ArgumentException(
                $"{what} is named '{name}'; expected 1 to 50 letters, digits, '.', '-' and '_', a letter or digit first."
            );
    }

    private static void Between(long value, long least, long most, string what)
    {
        if (value < least || value > most)
            throw new ArgumentException($"{what} is {value}; expected {least} to {most}.");
    }
}
