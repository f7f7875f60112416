namespace Serverless.Pipeline.Validation;

/// <summary>Short ways to write a <see cref="DataProblem"/>.</summary>
internal static class DataProblems
{
    /// <summary>Most names or rows that a sentence lists.</summary>
    public const int Listed = 10;

    public static DataProblem Error(string code, string found, string expected, string advice, string? column = null) =>
        new()
        {
            Code = code,
            Severity = Severity.Error,
            Column = column,
            Found = found,
            Expected = expected,
            Advice = advice,
        };

    public static DataProblem Warning(string code, string found, string expected, string advice, string? column = null) =>
        Error(code, found, expected, advice, column) with
        {
            Severity = Severity.Warning,
        };

    /// <summary>A value that may be long, as it is shown to people.</summary>
    public static string Short(string value) => value.Length <= 80 ? value : value[..79] + "…";

    /// <summary><c>'a', 'b' and 12 more</c>.</summary>
    public static string List(IReadOnlyCollection<string> values)
    {
        var shown = string.Join(", ", values.Take(Listed).Select(value => $"'{Short(value)}'"));
        return values.Count > Listed ? $"{shown} and {values.Count - Listed:N0} more" : shown;
    }
}
