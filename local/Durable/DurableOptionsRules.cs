namespace Serverless.Local.Durable;

/// <summary>Says at start what a setting should have been.</summary>
internal static class DurableOptionsRules
{
    public static void Check(DurableOptions options)
    {
        AtLeastOne(options.MaxConcurrentActivities, "maxConcurrentActivityFunctions");
        AtLeastOne(options.MaxConcurrentOrchestrations, "maxConcurrentOrchestratorFunctions");
        AtLeastOne(options.MaxCachedOrchestrators, nameof(options.MaxCachedOrchestrators));
        if (string.IsNullOrWhiteSpace(options.HubName) || options.HubName.AsSpan().IndexOfAny(Path.GetInvalidFileNameChars()) >= 0)
            throw new ArgumentException($"durableTask.hubName is '{options.HubName}'; expected letters and digits, as it names a folder.");
        if (options.VersionMatchStrategy != VersionMatchStrategy.None && options.DefaultVersion.Length == 0)
            throw new ArgumentException(
                $"durableTask.versionMatchStrategy is {options.VersionMatchStrategy}, but there is no defaultVersion to compare with. Set durableTask.defaultVersion in host.json."
            );
    }

    private static void AtLeastOne(int value, string name)
    {
        if (value < 1)
            throw new ArgumentException($"durableTask.{name} is {value}; expected 1 or more.");
    }
}
