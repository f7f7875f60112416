namespace Microsoft.DurableTask.Abstractions;

/// <summary>How versions of orchestrations compare.</summary>
public static class TaskOrchestrationVersioningUtils
{
    /// <summary>
    /// Negative, zero or positive. No version is older than any; two <see cref="Version"/>s compare by number, all else as text without regard to case.
    /// </summary>
    public static int CompareVersions(string sourceVersion, string otherVersion)
    {
        var source = sourceVersion?.Trim() ?? string.Empty;
        var other = otherVersion?.Trim() ?? string.Empty;
        if (source.Length == 0 || other.Length == 0)
        {
            return source.Length.CompareTo(other.Length) switch
            {
                > 0 => 1,
                < 0 => -1,
                _ => 0,
            };
        }
        return System.Version.TryParse(source, out var a) && System.Version.TryParse(other, out var b)
            ? a.CompareTo(b)
            : string.Compare(source, other, StringComparison.OrdinalIgnoreCase);
    }
}
