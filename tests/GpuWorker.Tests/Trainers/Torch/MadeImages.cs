using System.Globalization;
using System.Text;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Trainers.Torch;

/// <summary>Images of 6 x 5 pixels and 2 channels with a bright bar, upright or lying, in the first channel; the second is nearly all zeros.</summary>
internal static class MadeImages
{
    public static string Write(TestFolder folder, int rows, int seed)
    {
        var random = new Random(seed);
        var pixels = Enumerable.Range(0, 30);
        var text = new StringBuilder(string.Join(',', pixels.Select(pixel => $"p{pixel}a,p{pixel}b"))).Append(",side\n");
        for (var row = 0; row < rows; row++)
        {
            var (upright, place) = (random.Next(2) == 0, random.Next(5));
            foreach (var pixel in pixels)
            {
                var bright = (upright ? pixel % 5 : pixel / 5) == place;
                var missing = random.Next(50) == 0;
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"{(missing ? "" : $"{(bright ? 200 : 0) + random.Next(50)}")},{(pixel == 7 ? random.Next(9) : 0)},"
                );
            }

            text.Append(upright ? "upright" : "lying").Append('\n');
        }

        return folder.Write("images.csv", text.ToString());
    }
}
