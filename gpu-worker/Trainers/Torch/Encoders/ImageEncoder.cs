using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Onnx;
using Serverless.Pipeline.Definitions;
using static Serverless.GpuWorker.Onnx.TensorProto.Types;

namespace Serverless.GpuWorker.Trainers.Torch.Encoders;

/// <summary>
/// Columns that are pixels, to [channels, height, width] with mean 0 and deviation 1 in every channel. A value outside of what the training rows
/// have counts as the nearest one inside; a missing one as the mean. In training an image is shifted by some pixels, its border repeated.
/// </summary>
internal sealed class ImageEncoder : IRowEncoder
{
    /// <summary>Of the shorter side.</summary>
    private const double LargestShift = 0.1;

    private readonly ImageSettings image;
    private readonly Channel[] channels;
    private readonly int shift;

    private ImageEncoder(ImageSettings image, Channel[] channels)
    {
        (this.image, this.channels) = (image, channels);
        shift = Math.Max(1, (int)(Math.Min(image.Height, image.Width) * LargestShift));
    }

    public int Numbers => image.Height * image.Width * image.Channels;

    public int Codes => 0;

    public IReadOnlyList<double[]> Edges =>
        [.. Enumerable.Range(0, Numbers).Select(column => channels[column % image.Channels]).Select(of => new[] { of.Low, of.High })];

    /// <exception cref="JobFailedException">The columns are no such image.</exception>
    public static ImageEncoder Fit(FeatureSet features, RowTable rows, ImageSettings image)
    {
        Require(features, image);
        var spreads = Enumerable.Range(0, image.Channels).Select(_ => new Spread()).ToArray();
        for (var row = 0; row < rows.Count; row++)
        {
            var values = rows[row];
            for (var column = 0; column < values.Length; column++)
            {
                spreads[column % image.Channels].Add(values[column]);
            }
        }

        return new ImageEncoder(image, [.. spreads.Select(spread => spread.Settle())]);
    }

    public void Encode(ReadOnlySpan<double> row, Span<float> numbers, Span<long> codes, Random? augment)
    {
        var (down, right) = augment is null ? (0, 0) : (augment.Next(-shift, shift + 1), augment.Next(-shift, shift + 1));
        var at = 0;
        for (var channel = 0; channel < channels.Length; channel++)
        {
            for (var y = 0; y < image.Height; y++)
            {
                var line = Math.Clamp(y - down, 0, image.Height - 1) * image.Width;
                for (var x = 0; x < image.Width; x++)
                {
                    var pixel = line + Math.Clamp(x - right, 0, image.Width - 1);
                    numbers[at++] = channels[channel].Encode(row[pixel * channels.Length + channel]);
                }
            }
        }
    }

    public EncodedOutputs Export(GraphBuilder graph, IReadOnlyList<string> features)
    {
        var pixels = image.Height * image.Width;
        // Column of each place of [channels, height, width].
        var columns = Enumerable.Range(0, Numbers).Select(place => place % pixels * channels.Length + place / pixels).ToList();
        string Each(Func<Channel, double> of) =>
            graph.Constant(GraphBuilder.Doubles([.. columns.Select(column => of(channels[column % channels.Length]))]));
        var raw = graph.Node("Concat", columns.Select(column => features[column]), attributes: GraphBuilder.Attribute("axis", 1));
        var known = graph.Node("Where", [graph.Node("IsNaN", [raw]), Each(channel => channel.Mean), raw]);
        var inside = graph.Node("Min", [graph.Node("Max", [known, Each(channel => channel.Low)]), Each(channel => channel.High)]);
        var scaled = graph.Node("Div", [graph.Node("Sub", [inside, Each(channel => channel.Mean)]), Each(channel => channel.Deviation)]);
        return new(graph.Node("Cast", [scaled], attributes: GraphBuilder.Attribute("to", (long)DataType.Float)), Codes: null);
    }

    private static void Require(FeatureSet features, ImageSettings image)
    {
        var size = $"image {image.Height} x {image.Width} with {image.Channels} channel{(image.Channels == 1 ? "" : "s")}";
        var expected = image.Height * image.Width * image.Channels;
        if (features.Count != expected)
        {
            throw new JobFailedException(
                $"An {size} has {expected:N0} columns; found {features.Count:N0} beside the target and the ignored ones. Correct "
                    + "training.trainers[].torch.image, or list in data.ignore what is no pixel.",
                userError: true
            );
        }

        if (features.Features.FirstOrDefault(feature => feature.Codes is not null) is { } text)
        {
            throw new JobFailedException(
                $"Column '{text.Column.Name}' is text; expected the number of a pixel of an {size}. List it in data.ignore if it is none.",
                userError: true
            );
        }
    }

    private readonly record struct Channel(double Low, double High, double Mean, double Deviation)
    {
        public float Encode(double value) => (float)((Math.Clamp(double.IsNaN(value) ? Mean : value, Low, High) - Mean) / Deviation);
    }

    /// <summary>Mean and deviation of a stream (Welford, 1962).</summary>
    private sealed class Spread
    {
        private long count;
        private double mean;
        private double squares;
        private double low = double.PositiveInfinity;
        private double high = double.NegativeInfinity;

        public void Add(double value)
        {
            if (!double.IsFinite(value))
            {
                return;
            }

            var before = value - mean;
            mean += before / ++count;
            squares += before * (value - mean);
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }

        public Channel Settle() =>
            count == 0 ? new Channel(0, 0, 0, 1)
            : squares > 0 && double.IsFinite(squares) ? new Channel(low, high, Math.Clamp(mean, low, high), Math.Sqrt(squares / count))
            : new Channel(low, high, Math.Clamp(mean, low, high), 1);
    }
}
