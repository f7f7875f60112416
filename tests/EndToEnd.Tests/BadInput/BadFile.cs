using System.Text;
using Serverless.EndToEnd.Tests.Stack;

namespace Serverless.EndToEnd.Tests.BadInput;

/// <summary>Files that are wrong in one way each.</summary>
internal static class BadFile
{
    private const int Seed = 82;

    public static byte[] Of(string kind) => kind == "binary" ? Binary() : Encoding.UTF8.GetBytes(Text(kind));

    private static string Text(string kind) =>
        kind switch
        {
            "empty" => "",
            "header-alone" => SmallData.Header + "\n",
            "ragged" => SmallData.Csv(Seed) + "0.5,0.5\n0.1,0.2,a,yes,more,and more\n",
            "wrong-delimiter" => SmallData.Csv(Seed).Replace(',', '#'),
            "target-missing" => SmallData.Csv(Seed).Replace("label", "labell", StringComparison.Ordinal),
            "target-constant" => SmallData.Csv(Seed).Replace(",yes\n", ",no\n", StringComparison.Ordinal),
            "target-all-unique" => Rows((cells, row) => cells[3] = $"id-{row}"),
            "other-type" => Rows((cells, _) => cells[0] = "tall"),
            "infinity" => Rows((cells, row) => cells[0] = row % 3 == 0 ? "inf" : cells[0]),
            "ten-thousand-columns" => Wide(),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such file."),
        };

    private static string Rows(Action<string[], int> change)
    {
        var lines = SmallData.Csv(Seed).TrimEnd('\n').Split('\n');
        for (var row = 1; row < lines.Length; row++)
        {
            var cells = lines[row].Split(',');
            change(cells, row);
            lines[row] = string.Join(',', cells);
        }

        return string.Join('\n', lines) + "\n";
    }

    private static string Wide()
    {
        var columns = Enumerable.Range(0, 10_000).Select(column => $"c{column}");
        var row = string.Join(',', Enumerable.Repeat("1", 10_000));
        return $"{string.Join(',', columns)},label\n{row},yes\n{row},no\n";
    }

    private static byte[] Binary()
    {
        var bytes = new byte[20_000];
        new Random(Seed).NextBytes(bytes);
        // A picture's first bytes, so that nobody can take it for text.
        "\u0089PNG\r\n\u001a\n\0\0\0\rIHDR"u8.CopyTo(bytes);
        return bytes;
    }
}
