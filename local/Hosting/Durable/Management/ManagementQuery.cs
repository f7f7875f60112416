using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Hosting.Durable.Management;

/// <summary>
/// Query parameters. A value that cannot be read is refused: the extension ignores it, and then a purge with a misspelt status removes all.
/// </summary>
internal readonly struct ManagementQuery
{
    private const double MaxSeconds = 24 * 60 * 60;

    private readonly IQueryCollection _query;

    private ManagementQuery(IQueryCollection query) => _query = query;

    public static ManagementQuery Of(HttpContext http) => new(http.Request.Query);

    public string? Text(string name) => _query.TryGetValue(name, out var values) && values.Count > 0 ? values[0] : null;

    public bool Flag(string name, bool otherwise) =>
        Text(name) is not { Length: > 0 } text ? otherwise
        : bool.TryParse(text, out var value) ? value
        : throw Wrong(name, text, "true or false");

    public int? Number(string name) =>
        Text(name) is not { Length: > 0 } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value
        : throw Wrong(name, text, "a number of 1 or more");

    public TimeSpan? Seconds(string name) =>
        Text(name) is not { Length: > 0 } text ? null
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value <= MaxSeconds
            ? TimeSpan.FromSeconds(value)
        : throw Wrong(name, text, $"seconds from 0 to {MaxSeconds:N0}");

    public DateTimeOffset? Time(string name) =>
        Text(name) is not { Length: > 0 } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var value) ? value
        : throw Wrong(name, text, "a time such as 2026-05-31T12:00:00Z");

    /// <summary>Statuses, with commas between or the parameter several times; null when there is none.</summary>
    public IReadOnlyList<OrchestrationRuntimeStatus>? Statuses(string name)
    {
        if (!_query.TryGetValue(name, out var values))
            return null;
        var statuses = values
            .SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Select(text => Status(name, text))
            .ToList();
        return statuses.Count == 0 ? null : statuses;
    }

    // Upper and lower case count, as in the extension.
    private static OrchestrationRuntimeStatus Status(string name, string text) =>
        Enum.TryParse<OrchestrationRuntimeStatus>(text, out var value) && Enum.IsDefined(value)
            ? value
            : throw Wrong(name, text, string.Join(", ", Enum.GetNames<OrchestrationRuntimeStatus>()));

    private static ArgumentException Wrong(string name, string found, string expected) =>
        new($"Found {name} '{found}'; expected {expected}.");
}
