using System.Globalization;
using System.Text.RegularExpressions;

namespace Serverless.Pipeline.Datasets;

/// <summary>The narrowest type that all texts seen so far fit. A guess from a part of a file: the conversion proves it on all rows.</summary>
internal sealed partial class TypeGuess
{
    /// <summary>Above it a double does not hold every whole number.</summary>
    public const double MaxInteger = 9_007_199_254_740_992;

    private bool seen;
    private bool boolean = true;
    private bool integer = true;
    private bool number = true;
    private bool timestamp = true;

    /// <summary>Null while nothing was seen.</summary>
    public ColumnType? Type =>
        !seen ? null
        : integer ? ColumnType.Integer
        : number ? ColumnType.Number
        : boolean ? ColumnType.Boolean
        : timestamp ? ColumnType.Timestamp
        : ColumnType.Text;

    public void Add(string text)
    {
        seen = true;
        if (number)
        {
            var value = Number(text);
            number = value is not null;
            integer = integer && value is { } v && (double.IsNaN(v) || (v == Math.Floor(v) && Math.Abs(v) <= MaxInteger));
        }

        integer &= number;
        boolean =
            boolean
            && (text.Equals("true", StringComparison.OrdinalIgnoreCase) || text.Equals("false", StringComparison.OrdinalIgnoreCase));
        timestamp = timestamp && Date().IsMatch(text);
    }

    private static double? Number(string text)
    {
        var plain = text.AsSpan().Trim();
        var word = plain.TrimStart("+-");
        if (word.Equals("nan", StringComparison.OrdinalIgnoreCase))
        {
            return double.NaN;
        }

        if (word.Equals("inf", StringComparison.OrdinalIgnoreCase) || word.Equals("infinity", StringComparison.OrdinalIgnoreCase))
        {
            return double.PositiveInfinity;
        }

        return
            word.Length > 0
            && word[0] is (>= '0' and <= '9') or '.'
            && double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;
    }

    [GeneratedRegex(@"^\d{4}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?$")]
    private static partial Regex Date();
}
