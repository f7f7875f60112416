using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Serving;

/// <summary>Counts what is odd or wrong about the rows of a request, and says it in a few sentences.</summary>
internal sealed class PredictNotes(ModelLayout layout)
{
    /// <summary>Errors told at once; one wrong column of 100,000 rows needs no 100,000 sentences.</summary>
    private const int MostErrors = 20;

    private readonly List<string> errors = [];
    private readonly Dictionary<string, int> unknownColumns = [];
    private readonly int[] seen = new int[layout.Inputs.Length];
    private readonly (int Count, int Row, string? Text)[] unknownCategories = new (int, int, string?)[layout.Inputs.Length];

    public bool IsFull => errors.Count >= MostErrors;

    /// <summary>False when the row has had the column already; rows are numbered from 1.</summary>
    public bool See(int column, int row, ref int[]? lastRow)
    {
        lastRow ??= new int[seen.Length];
        if (lastRow[column] == row)
        {
            return false;
        }

        lastRow[column] = row;
        seen[column]++;
        return true;
    }

    public void Error(string error) => errors.Add(error);

    public void UnknownColumn(string name)
    {
        // A request of foreign rows could bring a new name with each of them; a hundred tell the story.
        if (unknownColumns.Count < 100 || unknownColumns.ContainsKey(name))
        {
            unknownColumns[name] = unknownColumns.GetValueOrDefault(name) + 1;
        }
    }

    public void UnknownCategory(int column, int row, string text)
    {
        ref var note = ref unknownCategories[column];
        note = note.Count == 0 ? (1, row, text) : (note.Count + 1, note.Row, note.Text);
    }

    /// <returns>The warnings.</returns>
    /// <exception cref="ServingException">There are errors; or warnings, and they are errors by <paramref name="strict"/>.</exception>
    public IReadOnlyList<string> Close(int rows, bool strict)
    {
        if (errors.Count > 0)
        {
            throw Refuse(errors);
        }

        List<string>? warnings = null;
        foreach (var (name, count) in unknownColumns)
        {
            var what = name == layout.Signature.Target ? "is what the model predicts" : "is none of the model's";
            (warnings ??= []).Add($"Column '{name}' {what}; it was ignored in {Rows(count)}.");
        }

        for (var i = 0; i < seen.Length; i++)
        {
            if (seen[i] < rows)
            {
                (warnings ??= []).Add(
                    $"Column '{layout.Inputs[i].Name}' ({layout.Inputs[i].Type}) is not in {Rows(rows - seen[i])}; it counts as a missing value."
                );
            }

            if (unknownCategories[i] is { Count: > 0 } unknown)
            {
                (warnings ??= []).Add(
                    $"Column '{layout.Inputs[i].Name}' has a category that the model was not trained on in {Rows(unknown.Count)}, "
                        + $"first '{unknown.Text}' in row {unknown.Row}; it counts as unknown."
                );
            }
        }

        return strict && warnings is not null ? throw Refuse(warnings) : warnings ?? (IReadOnlyList<string>)[];
    }

    private static ServingException Refuse(List<string> all) => new(400, all[0], all.Count > 1 ? all : null);

    private static string Rows(int count) => count == 1 ? "1 row" : $"{count:N0} rows";
}
