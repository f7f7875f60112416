using Microsoft.Extensions.Configuration;
using Serverless.Local.Durable;

namespace Serverless.Local.Hosting.Durable;

/// <summary>Reads <c>extensions.durableTask</c> of host.json.</summary>
internal static class DurableSettings
{
    private const string Section = "extensions:durableTask:";

    public static DurableOptions Read(HostSettings host, IConfiguration configuration, string home)
    {
        var options = new DurableOptions { Folder = Path.Combine(home, "durable") };
        return options with
        {
            FunctionTimeout = host.FunctionTimeout,
            HubName = Hub(host, configuration, options.HubName),
            MaxConcurrentActivities = host.Number(Section + "maxConcurrentActivityFunctions", options.MaxConcurrentActivities, 1, 10_000),
            MaxConcurrentOrchestrations = host.Number(
                Section + "maxConcurrentOrchestratorFunctions",
                options.MaxConcurrentOrchestrations,
                1,
                10_000
            ),
            DefaultVersion = host.Text(Section + "defaultVersion", ""),
            VersionMatchStrategy = OneOf(host, "versionMatchStrategy", options.VersionMatchStrategy),
            VersionFailureStrategy = OneOf(host, "versionFailureStrategy", options.VersionFailureStrategy),
        };
    }

    private static string Hub(HostSettings host, IConfiguration configuration, string otherwise)
    {
        var name = SettingNames.Resolve(
            host.Text(Section + "hubName", otherwise),
            configuration,
            "host.json: extensions.durableTask.hubName"
        );
        return name.Length is >= 3 and <= 45 && char.IsAsciiLetter(name[0]) && name.All(char.IsAsciiLetterOrDigit)
            ? name
            : throw new InvalidOperationException(
                $"host.json: extensions.durableTask.hubName is '{name}'; a task hub's name starts with a letter and has 3 to 45 letters and digits."
            );
    }

    private static T OneOf<T>(HostSettings host, string key, T otherwise)
        where T : struct, Enum
    {
        if (host.Text(Section + key) is not { } text)
            return otherwise;
        return Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value)
            ? value
            : throw new InvalidOperationException(
                $"host.json: extensions.durableTask.{key} is '{text}'; expected one of {string.Join(", ", Enum.GetNames<T>())}."
            );
    }
}
