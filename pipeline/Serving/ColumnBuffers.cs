using System.Buffers;
using System.Text.Json;
using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Serving;

/// <summary>Columns that grow row by row, in arrays that are rented and given back on disposal. Every value starts as missing.</summary>
internal sealed class ColumnBuffers : IDisposable
{
    private readonly ModelLayout layout;
    private readonly double[]?[] numbers;
    private readonly string[]?[] texts;
    private int capacity;

    public ColumnBuffers(ModelLayout layout)
    {
        this.layout = layout;
        numbers = new double[layout.Inputs.Length][];
        texts = new string[layout.Inputs.Length][];
    }

    public int Rows { get; private set; }

    public void AddRow()
    {
        if (Rows == capacity)
        {
            Grow(Math.Max(1, capacity * 4));
        }

        for (var i = 0; i < numbers.Length; i++)
        {
            if (numbers[i] is { } column)
            {
                column[Rows] = double.NaN;
            }
            else
            {
                texts[i]![Rows] = "";
            }
        }

        Rows++;
    }

    /// <summary>Takes back the last row.</summary>
    public void DropRow()
    {
        Rows--;
        foreach (var column in texts)
        {
            if (column is not null)
            {
                column[Rows] = "";
            }
        }
    }

    /// <summary>So many rows at once, all values missing.</summary>
    public void AddRows(int rows)
    {
        if (Rows + rows > capacity)
        {
            Grow(Rows + rows);
        }

        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i]?.AsSpan(Rows, rows).Fill(double.NaN);
            texts[i]?.AsSpan(Rows, rows).Fill("");
        }

        Rows += rows;
    }

    public void Set(int column, int row, double value) => numbers[column]![row] = value;

    public void Set(int column, int row, string value) => texts[column]![row] = value;

    /// <summary>Valid until disposal.</summary>
    public ColumnBatch ToBatch()
    {
        var columns = new ColumnValues[numbers.Length];
        if (capacity == 0)
        {
            Grow(1);
        }

        for (var i = 0; i < columns.Length; i++)
        {
            var input = layout.Inputs[i];
            columns[i] = input.IsText ? new(input.Name, texts[i]!) : new(input.Name, input.Type, numbers[i]!);
        }

        return new ColumnBatch(Rows, columns);
    }

    /// <summary>The text that the reader stands on; a known category is not made anew.</summary>
    public static string Text(ref Utf8JsonReader reader, InputLayout input)
    {
        const int Short = 128;
        if (input.Categories is not { } known || reader.HasValueSequence || reader.ValueSpan.Length > Short)
        {
            return reader.GetString()!;
        }

        Span<char> buffer = stackalloc char[Short];
        var text = buffer[..reader.CopyString(buffer)];
        return text.IsEmpty ? ""
            : known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var category) ? category
            : new string(text);
    }

    public void Dispose()
    {
        foreach (var column in numbers)
        {
            if (column is not null)
            {
                ArrayPool<double>.Shared.Return(column);
            }
        }

        foreach (var column in texts)
        {
            if (column is not null)
            {
                column.AsSpan(0, Rows).Clear();
                ArrayPool<string>.Shared.Return(column);
            }
        }
    }

    private void Grow(int wanted)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            if (layout.Inputs[i].IsText)
            {
                texts[i] = Grow(texts[i], wanted);
            }
            else
            {
                numbers[i] = Grow(numbers[i], wanted);
            }
        }

        // Every array is at least as long; the pool's own sizes are not used, so that all columns have one capacity.
        capacity = wanted;
    }

    private T[] Grow<T>(T[]? column, int wanted)
    {
        var longer = ArrayPool<T>.Shared.Rent(wanted);
        if (column is not null)
        {
            column.AsSpan(0, Rows).CopyTo(longer);
            if (!typeof(T).IsValueType)
            {
                column.AsSpan(0, Rows).Clear();
            }

            ArrayPool<T>.Shared.Return(column);
        }

        return longer;
    }
}
