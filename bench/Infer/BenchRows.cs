using System.Text.Json;
using Serverless.Pipeline.Datasets;

namespace Serverless.Bench.Infer;

/// <summary>Rows for <see cref="BenchModel"/>, as JSON and as columns.</summary>
internal sealed class BenchRows
{
    public BenchRows(int rows, int seed)
    {
        var random = new Random(seed);
        var inputs = BenchModel.Signature.Inputs;
        var types = new string[rows];
        var numbers = inputs.Select(_ => new double[rows]).ToArray();
        var objects = new List<Dictionary<string, object>>(rows);
        for (var row = 0; row < rows; row++)
        {
            types[row] = BenchModel.Categories[random.Next(BenchModel.Categories.Length)];
            var values = new Dictionary<string, object> { ["Type"] = types[row] };
            for (var column = 1; column < inputs.Count; column++)
            {
                values[inputs[column].Name] = numbers[column][row] = Math.Round(Value(column, random), 1);
            }

            objects.Add(values);
        }

        Json = JsonSerializer.SerializeToUtf8Bytes(objects);
        Columns = new ColumnBatch(
            rows,
            [
                new ColumnValues("Type", types),
                .. inputs.Skip(1).Select((input, i) => new ColumnValues(input.Name, ColumnType.Number, numbers[i + 1])),
            ]
        );
    }

    public byte[] Json { get; }

    public ColumnBatch Columns { get; }

    /// <summary>A value in the range of the machine-failure data.</summary>
    public static double Value(int column, Random random) =>
        column switch
        {
            1 => 295 + (random.NextDouble() * 10),
            2 => 305 + (random.NextDouble() * 9),
            3 => 1168 + (random.NextDouble() * 1700),
            4 => 4 + (random.NextDouble() * 72),
            _ => random.NextDouble() * 253,
        };
}
