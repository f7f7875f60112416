using System.Globalization;
using System.Text;

namespace Serverless.EndToEnd.Tests.Stack;

/// <summary>A small binary problem that is learnt in a moment: <c>label</c> depends on <c>x</c>, <c>y</c> and <c>kind</c>, with noise.</summary>
internal static class SmallData
{
    public const string Header = "x,y,kind,label";

    public const string Row = """[{"x": 0.9, "y": 0.8, "kind": "a"}]""";

    /// <summary>A definition for it; its first line is the name.</summary>
    public static string Definition(string name, string more = "") =>
        $"""
            name: {name}
            data:
              target: label
              task: binary
            training:
              trainers:
                - lightgbm: {"{"} rounds: 40, leaves: 7 {"}"}
            {more}
            """;

    /// <summary>Rows by a seed: the same seed, the same bytes.</summary>
    public static string Csv(int seed, int rows = 1500)
    {
        var random = new Random(seed);
        var text = new StringBuilder(Header).Append('\n');
        for (var row = 0; row < rows; row++)
        {
            var (x, y) = (random.NextDouble(), random.NextDouble());
            var kind = "abc"[random.Next(3)];
            var score = x + y + (kind == 'a' ? 0.3 : 0) + (0.2 * random.NextDouble());
            text.Append(CultureInfo.InvariantCulture, $"{x:0.0000},{y:0.0000},{kind},{(score > 1.2 ? "yes" : "no")}\n");
        }

        return text.ToString();
    }
}
