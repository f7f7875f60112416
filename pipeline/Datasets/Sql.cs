using System.Globalization;

namespace Serverless.Pipeline.Datasets;

/// <summary>Names and values of users, written so that they cannot leave their place in a statement.</summary>
internal static class Sql
{
    /// <summary>A quoted identifier.</summary>
    public static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A quoted text.</summary>
    public static string Text(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>A list of quoted texts.</summary>
    public static string Texts(IEnumerable<string> texts) => $"[{string.Join(", ", texts.Select(Text))}]";

    /// <summary>A DOUBLE that is exactly this one.</summary>
    public static string Number(double value) => $"CAST('{value.ToString("R", CultureInfo.InvariantCulture)}' AS DOUBLE)";
}
