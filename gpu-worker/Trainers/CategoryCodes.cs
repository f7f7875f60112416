namespace Serverless.GpuWorker.Trainers;

/// <summary>
/// The codes of a text column: from 1 in the order of frequency in the training rows (equals by the text itself), 0 for missing, unknown and
/// those too rare to be kept.
/// </summary>
internal sealed class CategoryCodes
{
    private readonly Dictionary<string, int> codes;

    public CategoryCodes(IReadOnlyList<string> categories)
    {
        Categories = categories;
        codes = new Dictionary<string, int>(categories.Count, StringComparer.Ordinal);
        for (var i = 0; i < categories.Count; i++)
        {
            codes.Add(categories[i], i + 1);
        }
    }

    /// <summary>The category of code i + 1.</summary>
    public IReadOnlyList<string> Categories { get; }

    public int Of(string text) => codes.GetValueOrDefault(text);
}

/// <summary>Codes in the order of first appearance, while the training rows are read; the order of frequency is known at the end.</summary>
internal sealed class CategoryCount
{
    private readonly Dictionary<string, int> seen = new(StringComparer.Ordinal);
    private readonly List<(string Text, long Rows)> counts = [];

    /// <returns>0 for missing, else a preliminary code.</returns>
    public int Add(string text)
    {
        if (text.Length == 0)
        {
            Missing++;
            return 0;
        }

        if (!seen.TryGetValue(text, out var code))
        {
            counts.Add((text, 0));
            code = counts.Count;
            seen.Add(text, code);
        }

        var (name, rows) = counts[code - 1];
        counts[code - 1] = (name, rows + 1);
        return code;
    }

    public long Missing { get; private set; }

    public int Distinct => counts.Count;

    /// <summary>The final codes, and for each preliminary code its final one.</summary>
    public (CategoryCodes Codes, int[] Final) Settle(int maxCategories)
    {
        var kept = counts
            .Select((category, index) => (category.Text, category.Rows, Code: index + 1))
            .OrderByDescending(category => category.Rows)
            .ThenBy(category => category.Text, StringComparer.Ordinal)
            .Take(maxCategories)
            .ToList();
        var final = new int[counts.Count + 1];
        for (var i = 0; i < kept.Count; i++)
        {
            final[kept[i].Code] = i + 1;
        }

        return (new CategoryCodes([.. kept.Select(category => category.Text)]), final);
    }
}
