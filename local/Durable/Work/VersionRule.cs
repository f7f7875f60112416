using Microsoft.DurableTask.Abstractions;

namespace Serverless.Local.Durable;

/// <summary>Whether an app takes up an orchestration of a version.</summary>
internal static class VersionRule
{
    public static bool Takes(DurableOptions options, string version) =>
        options.VersionMatchStrategy switch
        {
            VersionMatchStrategy.Strict => TaskOrchestrationVersioningUtils.CompareVersions(version, options.DefaultVersion) == 0,
            VersionMatchStrategy.CurrentOrOlder => TaskOrchestrationVersioningUtils.CompareVersions(version, options.DefaultVersion) <= 0,
            _ => true,
        };
}
