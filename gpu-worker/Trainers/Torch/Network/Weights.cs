using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Serverless.GpuWorker.Trainers.Torch.Network;

/// <summary>What a network learns (parameters) and what it counts on the way (buffers), by name and in the order in which they were made.</summary>
/// <param name="device">Where they lie.</param>
/// <param name="seed">Of the first values.</param>
internal sealed class Weights(Device device, int seed) : IDisposable
{
    private readonly Random random = new(seed);
    private readonly List<Parameter> parameters = [];
    private readonly List<Parameter> decaying = [];
    private readonly List<Tensor> buffers = [];
    private readonly List<Embedding> tables = [];

    public Device Device => device;

    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <summary>Those that weight decay holds down: matrices, no offsets and scales.</summary>
    public IReadOnlyList<Parameter> Decaying => decaying;

    /// <summary>All that makes up the model, parameters first.</summary>
    public IEnumerable<Tensor> Tensors => [.. parameters, .. buffers];

    /// <summary>A matrix or kernel [out, in, ...] with first values drawn evenly from ±sqrt(6 / inputs) (He et al., 2015), or as given.</summary>
    public Parameter Matrix(double? bound, params long[] shape)
    {
        var inputs = shape[1..].Aggregate(1L, (product, size) => product * size);
        var most = bound ?? Math.Sqrt(6.0 / inputs);
        var made = Add(() => (float)((random.NextDouble() * 2 - 1) * most), shape);
        decaying.Add(made);
        return made;
    }

    /// <summary>
    /// A table [rows, size] whose gradients are added in the same order each time, on a GPU too: those of a plain choice of rows are not.
    /// </summary>
    public Embedding Table(long rows, long size)
    {
        var made = nn.Embedding(rows, size, device: device);
        made.weight = Matrix(1 / Math.Sqrt(size), rows, size);
        tables.Add(made);
        return made;
    }

    public Parameter Vector(float value, long size) => Add(() => value, size);

    public Tensor Buffer(float value, long size)
    {
        var made = full([size], value, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        buffers.Add(made);
        return made;
    }

    public void Dispose()
    {
        tables.ForEach(table => table.Dispose());
        foreach (var tensor in Tensors)
        {
            tensor.Dispose();
        }
    }

    private Parameter Add(Func<float> next, params long[] shape)
    {
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = next();
        }

        using var first = tensor(values, shape, device: device);
        var made = new Parameter(first.clone());
        made.DetachFromDisposeScope();
        parameters.Add(made);
        return made;
    }
}
