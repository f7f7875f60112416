using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.GpuWorker.Trainers.Torch.Encoders;

/// <summary>The memory of one batch on this machine: rows are encoded straight into the tensors.</summary>
/// <param name="encoder">Of the model.</param>
/// <param name="most">Rows that it holds.</param>
internal sealed class RowBuffers(IRowEncoder encoder, int most) : IDisposable
{
    private readonly Tensor? numbers = Make(most, encoder.Numbers, ScalarType.Float32);
    private readonly Tensor? codes = Make(most, encoder.Codes, ScalarType.Int64);

    /// <summary>Float [count, numbers] of the first rows; null where the model has none.</summary>
    public Tensor? Numbers(int count) => numbers?.narrow(0, 0, count);

    /// <summary>Int64 [count, codes] of the first rows; null where the model has none.</summary>
    public Tensor? Codes(int count) => codes?.narrow(0, 0, count);

    /// <summary>Encodes some rows of a table.</summary>
    public void Encode(RowTable table, ReadOnlySpan<int> rows, Random? augment)
    {
        var numberSpan = Span<float>(numbers);
        var codeSpan = Span<long>(codes);
        for (var i = 0; i < rows.Length; i++)
        {
            Encode(i, table[rows[i]], numberSpan, codeSpan, augment);
        }
    }

    /// <summary>Encodes a row-major matrix.</summary>
    public void Encode(ReadOnlySpan<double> matrix, int rows)
    {
        var columns = matrix.Length / rows;
        var numberSpan = Span<float>(numbers);
        var codeSpan = Span<long>(codes);
        for (var i = 0; i < rows; i++)
        {
            Encode(i, matrix.Slice(i * columns, columns), numberSpan, codeSpan, null);
        }
    }

    public void Dispose()
    {
        numbers?.Dispose();
        codes?.Dispose();
    }

    private void Encode(int place, ReadOnlySpan<double> row, Span<float> numberSpan, Span<long> codeSpan, Random? augment) =>
        encoder.Encode(
            row,
            numberSpan.Slice(place * encoder.Numbers, encoder.Numbers),
            codeSpan.Slice(place * encoder.Codes, encoder.Codes),
            augment
        );

    private static Span<T> Span<T>(Tensor? tensor)
        where T : unmanaged => tensor is null ? [] : MemoryMarshal.Cast<byte, T>(tensor.bytes);

    private static Tensor? Make(int rows, int columns, ScalarType type) =>
        columns > 0 ? empty([rows, columns], type).DetachFromDisposeScope() : null;
}
