namespace Serverless.Pipeline.Definitions;

/// <summary>What a person who mistyped a word probably meant.</summary>
public static class Suggestion
{
    /// <summary>The nearest of the words within a third of the letters, or null.</summary>
    public static string? For(string found, IEnumerable<string> words) =>
        words
            .Select(word => (Word: word, Distance: Distance(Plain(found), Plain(word))))
            .Where(pair => pair.Distance <= Math.Max(1, Math.Min(found.Length, pair.Word.Length) / 3))
            .OrderBy(pair => pair.Distance)
            .Select(pair => pair.Word)
            .FirstOrDefault();

    /// <summary><c> Did you mean 'x'?</c>, or nothing.</summary>
    public static string Sentence(string found, IEnumerable<string> words) =>
        For(found, words) is { } word ? $" Did you mean '{word}'?" : "";

    /// <summary>Case, hyphens, underscores and blanks are the usual slips and cost nothing.</summary>
    private static string Plain(string word) => new([.. word.Where(c => c is not ('-' or '_' or ' ')).Select(char.ToLowerInvariant)]);

    /// <summary>Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        if (a.Length > 200 || b.Length > 200)
        {
            return int.MaxValue;
        }

        var cost = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                var replace = cost[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replace, 1 + Math.Min(cost[i - 1, j], cost[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], 1 + cost[i - 2, j - 2]);
                }
            }
        }

        return cost[a.Length, b.Length];
    }
}
