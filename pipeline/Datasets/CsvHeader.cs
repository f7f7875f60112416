using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Datasets;

/// <summary>What the start of a CSV file says of the whole: delimiter, names, guessed types.</summary>
/// <param name="Delimiter">Between fields.</param>
/// <param name="Names">Trimmed, in order.</param>
/// <param name="Guesses">Null where the start holds no value.</param>
internal sealed record CsvHeader(char Delimiter, IReadOnlyList<string> Names, IReadOnlyList<ColumnType?> Guesses)
{
    private const int Compared = 200;
    private static readonly char[] Delimiters = [',', ';', '\t', '|', ':'];

    /// <exception cref="UnusableFileException">The header shows that the file is read with a delimiter that is not its own, or has no names.</exception>
    public static CsvHeader Sniff(SourceFormat format, ReadingOptions options)
    {
        var delimiter = options.Delimiter is { Length: > 0 } given ? given[0] : Delimiters.MaxBy(candidate => Score(format, candidate));
        var records = CsvRecords.Read(format.Prefix, delimiter, format.Complete, int.MaxValue);
        if (records.Count == 0)
        {
            throw new UnusableFileException(
                DataProblems.Error(
                    "line-too-long",
                    $"no end of line in the first {format.Prefix.Length:N0} characters",
                    "a header line and rows",
                    "Check that this is a CSV file and that every quote is closed."
                )
            );
        }

        List<string> names = [.. records[0].Select(name => name.Trim())];
        if (names.Count == 1)
        {
            ThrowIfAnotherDelimiter(format, names[0], delimiter);
        }

        if (names.All(name => double.TryParse(name, out _)))
        {
            throw new UnusableFileException(
                DataProblems.Error(
                    "no-header",
                    $"numbers alone in the first line ({string.Join(", ", names.Take(5))}…)",
                    "the names of the columns",
                    "Write a header line on top of the file."
                )
            );
        }

        var guesses = names.Select(_ => new TypeGuess()).ToArray();
        var missing = options.Missing.ToHashSet();
        foreach (var record in records.Skip(1))
        {
            for (var i = 0; i < Math.Min(record.Count, guesses.Length); i++)
            {
                if (record[i].Length > 0 && !missing.Contains(record[i]))
                {
                    guesses[i].Add(record[i]);
                }
            }
        }

        return new CsvHeader(delimiter, names, [.. guesses.Select(guess => guess.Type)]);
    }

    /// <summary>The share of records with as many fields as the header, then the number of fields.</summary>
    private static double Score(SourceFormat format, char delimiter)
    {
        var records = CsvRecords.Read(format.Prefix, delimiter, format.Complete, Compared);
        if (records.Count == 0 || records[0].Count < 2)
        {
            return 0;
        }

        var fields = records[0].Count;
        var share = (double)records.Count(record => record.Count == fields) / records.Count;
        return (Math.Round(share, 1) * 1_000_000) + fields;
    }

    private static void ThrowIfAnotherDelimiter(SourceFormat format, string header, char delimiter)
    {
        char[] others = [.. Delimiters.Append(' ').Append('^').Append('~').Where(other => other != delimiter)];
        var best = others.MaxBy(other => Score(format, other));
        if (Score(format, best) >= 900_000)
        {
            throw new UnusableFileException(
                DataProblems.Error(
                    "wrong-delimiter",
                    $"one column named '{DataProblems.Short(header)}' with delimiter {Show(delimiter)}",
                    $"several columns; {Show(best)} divides the lines evenly",
                    $"Set data.delimiter to {Show(best)} in pipeline.yaml, or leave it out, or save the file with commas."
                )
            );
        }
    }

    private static string Show(char delimiter) => delimiter == '\t' ? "tab" : $"'{delimiter}'";
}
