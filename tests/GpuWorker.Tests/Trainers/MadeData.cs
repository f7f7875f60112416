using System.Globalization;
using System.Text;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Trainers;

/// <summary>A small table with everything that is awkward: missing values, categories (rare, accented, with a comma), a constant column, zeros.</summary>
internal static class MadeData
{
    private static readonly string[] Colours = ["rot", "grün", "blau, hell", "gelb", "weiß", "schwarz"];

    public static string Write(TestFolder folder, int rows, int seed)
    {
        var random = new Random(seed);
        var text = new StringBuilder("size,zero heavy,colour,constant,value,label,kind\n");
        for (var row = 0; row < rows; row++)
        {
            var size = random.NextDouble() * 10 - 5;
            var heavy = random.Next(3) == 0 ? random.Next(-3, 9) * 0.5 : 0;
            var colour = random.Next(Colours.Length);
            var value = size * size + 3 * heavy + (colour % 2 == 0 ? 20 : 0) + random.NextDouble();
            var missing = random.Next(5) == 0;
            var kind =
                value < 12 ? "klein"
                : value < 25 ? "mittel"
                : "groß";
            text.Append(CultureInfo.InvariantCulture, $"{(missing ? "" : size.ToString("R", CultureInfo.InvariantCulture))},{heavy},")
                .Append(
                    CultureInfo.InvariantCulture,
                    $"{(random.Next(20) == 0 ? "" : $"\"{Colours[colour]}\"")},7,{value:R},{(value > 20 ? 1 : 0)},{kind}\n"
                );
        }

        return folder.Write("made.csv", text.ToString());
    }
}
