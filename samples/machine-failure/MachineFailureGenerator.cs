using System.Globalization;
using System.Text;

namespace Serverless.Samples.MachineFailure;

/// <summary>
/// Rows of the kind of AI4I 2020 (S. Matzka, "Explainable Artificial Intelligence for Predictive Maintenance Applications", 2020), by its
/// published rules, in any number. The same seed gives the same rows. Where the paper leaves a choice open, it is made so that the
/// figures come close to the published 10,000 rows: 3.4 % failures, torque 40 Nm with 10 Nm, speed 1,539 rpm on average.
/// </summary>
public sealed class MachineFailureGenerator(int seed)
{
    public const string Header =
        "UDI,Product ID,Type,Air temperature [K],Process temperature [K],Rotational speed [rpm],Torque [Nm],Tool wear [min],Machine failure,TWF,HDF,PWF,OSF,RNF";

    /// <summary>Writes a header and so many rows; the text has no byte-order mark.</summary>
    public void WriteCsv(TextWriter writer, long rows)
    {
        writer.Write(Header);
        writer.Write('\n');
        var line = new StringBuilder(128);
        foreach (var row in Rows(rows))
        {
            line.Clear();
            line.Append(
                CultureInfo.InvariantCulture,
                $"{row.Udi},{row.ProductId},{row.Type},{row.AirTemperature:F1},{row.ProcessTemperature:F1},{row.RotationalSpeed},{row.Torque:F1},{row.ToolWear},"
            );
            line.Append(Flag(row.Failure))
                .Append(',')
                .Append(Flag(row.ToolWearFailure))
                .Append(',')
                .Append(Flag(row.HeatDissipationFailure))
                .Append(',');
            line.Append(Flag(row.PowerFailure))
                .Append(',')
                .Append(Flag(row.OverstrainFailure))
                .Append(',')
                .Append(Flag(row.RandomFailure))
                .Append('\n');
            writer.Write(line);
        }
    }

    /// <summary>The rows one after the other; nothing is held.</summary>
    public IEnumerable<MachineRow> Rows(long rows)
    {
        var random = new Random(seed);
        var air = new Walk(Deviation: 2, Pull: 0.00125);
        var process = new Walk(Deviation: 1, Pull: 0.005);
        var serials = new Dictionary<char, int>
        {
            ['L'] = 47_180,
            ['M'] = 14_859,
            ['H'] = 29_424,
        };
        var (wear, limit) = (0, Limit(random));
        for (long udi = 1; udi <= rows; udi++)
        {
            var type = random.NextDouble() switch
            {
                < 0.5 => 'L',
                < 0.8 => 'M',
                _ => 'H',
            };
            var airTemperature = Math.Round(300 + air.Next(random), 1);
            var processTemperature = Math.Round(airTemperature + 10 + process.Next(random), 1);
            var torque = Math.Round(Math.Max(3.8, 40 + (10 * Normal(random))), 1);
            var speed = Speed(torque, random);
            var row = new MachineRow
            {
                Udi = udi,
                ProductId = $"{type}{++serials[type]}",
                Type = type,
                AirTemperature = airTemperature,
                ProcessTemperature = processTemperature,
                RotationalSpeed = speed,
                Torque = torque,
                ToolWear = wear,
                ToolWearFailure = wear >= limit && random.NextDouble() < 0.4,
                HeatDissipationFailure = Math.Round(processTemperature - airTemperature, 1) < 8.6 && speed < 1_380,
                PowerFailure = torque * speed * 2 * Math.PI / 60 is < 3_500 or > 9_000,
                OverstrainFailure =
                    wear * torque
                    > (
                        type == 'L' ? 11_000
                        : type == 'M' ? 12_000
                        : 13_000
                    ),
                RandomFailure = random.NextDouble() < 0.001,
            };
            yield return row;

            // At its limit a tool fails or is replaced; either way the next row has a new one.
            if (wear >= limit)
            {
                (wear, limit) = (0, Limit(random));
            }
            else
            {
                wear += type switch
                {
                    'H' => 5,
                    'M' => 3,
                    _ => 2,
                };
            }
        }
    }

    private static char Flag(bool value) => value ? '1' : '0';

    private static int Limit(Random random) => random.Next(200, 241);

    /// <summary>
    /// At 2,860 W speed is power over torque. The published rows follow that curve flattened (the drive holds its speed at high torque)
    /// and end at 1,168 rpm; noise is normal.
    /// </summary>
    private static int Speed(double torque, Random random)
    {
        var free = 2_860 * 60 / (2 * Math.PI) / torque;
        var speed = 1_001 + (0.73 * free) + (53 * Normal(random));
        return (int)Math.Round(Math.Clamp(speed, 1_168, 2_886));
    }

    /// <summary>Standard normal, by Box and Muller.</summary>
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>A random walk that is pulled back, so that its standard deviation is the given one over any number of rows.</summary>
    private sealed record Walk(double Deviation, double Pull)
    {
        private double value;

        public double Next(Random random)
        {
            // In balance the variance is step^2 / (2 pull - pull^2); the step is chosen for the one wanted.
            value += (-Pull * value) + (Deviation * Math.Sqrt((2 * Pull) - (Pull * Pull)) * Normal(random));
            return value;
        }
    }
}

/// <summary>One product that was made, and whether the machine failed.</summary>
public sealed record MachineRow
{
    public required long Udi { get; init; }

    public required string ProductId { get; init; }

    /// <summary>Quality: L, M or H.</summary>
    public required char Type { get; init; }

    /// <summary>Kelvin.</summary>
    public required double AirTemperature { get; init; }

    /// <summary>Kelvin.</summary>
    public required double ProcessTemperature { get; init; }

    /// <summary>Revolutions a minute.</summary>
    public required int RotationalSpeed { get; init; }

    /// <summary>Newton metres.</summary>
    public required double Torque { get; init; }

    /// <summary>Minutes.</summary>
    public required int ToolWear { get; init; }

    public bool ToolWearFailure { get; init; }

    public bool HeatDissipationFailure { get; init; }

    public bool PowerFailure { get; init; }

    public bool OverstrainFailure { get; init; }

    public bool RandomFailure { get; init; }

    /// <summary>Any of the five, as in the published rules.</summary>
    public bool Failure => ToolWearFailure || HeatDissipationFailure || PowerFailure || OverstrainFailure || RandomFailure;
}
