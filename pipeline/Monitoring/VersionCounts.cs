using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Monitoring;

/// <summary>
/// Counts what one version was asked and what it answered, by the bins of its reference. Allocates nothing a call. Models of more than
/// <see cref="AllRowsColumns"/> inputs count every n-th row, so that counting stays small beside scoring.
/// </summary>
internal sealed class VersionCounts
{
    /// <summary>Up to so many inputs every row is counted; above, one row of inputs / 64 rounded up.</summary>
    public const int AllRowsColumns = 64;

    /// <summary>Rows counted in one hold of the lock: a large request must not stop small ones.</summary>
    private const int SliceRows = 64;

    private readonly Lock gate = new();
    private readonly ModelSignature signature;
    private readonly BinLookup[] lookups;
    private readonly BinLookup prediction;
    private readonly int stride;
    private long[][] columns;
    private long[] scores;
    private long rows;
    private long seen;

    public VersionCounts(ModelSignature signature, ReferenceProfile reference)
    {
        if (
            reference.Columns.Count != signature.Inputs.Count
            || signature.Inputs.Zip(reference.Columns).Any(pair => pair.First.Name != pair.Second.Name)
        )
        {
            throw new InvalidDataException(
                $"The reference has columns {string.Join(", ", reference.Columns.Select(column => column.Name))}; "
                    + $"the model takes {string.Join(", ", signature.Inputs.Select(input => input.Name))}."
            );
        }

        this.signature = signature;
        lookups = [.. reference.Columns.Select(bins => new BinLookup(bins))];
        prediction = new BinLookup(reference.Prediction);
        stride = (signature.Inputs.Count + AllRowsColumns - 1) / AllRowsColumns;
        (columns, scores) = Empty();
    }

    /// <summary>Counts the rows of a request or of a batch of events.</summary>
    /// <param name="batch">Columns in the order of the signature's inputs.</param>
    /// <param name="predictions">Of the same rows.</param>
    public void Add(ColumnBatch batch, Predictions predictions)
    {
        for (var start = 0; start < batch.Rows; start += SliceRows)
        {
            var end = Math.Min(batch.Rows, start + SliceRows);
            lock (gate)
            {
                var first = start + (int)((stride - (seen % stride)) % stride);
                seen += end - start;
                Count(batch, predictions, first, end);
            }
        }
    }

    /// <summary>What was counted since the last call; null when nothing was.</summary>
    public CountedRows? Take()
    {
        lock (gate)
        {
            if (rows == 0)
            {
                return null;
            }

            var taken = new CountedRows
            {
                Rows = rows,
                Columns = columns,
                Prediction = scores,
            };
            (columns, scores) = Empty();
            rows = 0;
            return taken;
        }
    }

    private void Count(ColumnBatch batch, Predictions predictions, int first, int end)
    {
        for (var i = 0; i < lookups.Length; i++)
        {
            var (lookup, counts) = (lookups[i], columns[i]);
            if (lookup.IsText)
            {
                var texts = batch.Columns[i].Texts!;
                for (var row = first; row < end; row += stride)
                {
                    counts[lookup.Of(texts[row])]++;
                }
            }
            else
            {
                var numbers = batch.Columns[i].Numbers!;
                for (var row = first; row < end; row += stride)
                {
                    counts[lookup.Of(numbers[row])]++;
                }
            }
        }

        for (var row = first; row < end; row += stride)
        {
            scores[prediction.Of(ScoreBins.Of(signature, predictions, row))]++;
            rows++;
        }
    }

    private (long[][] Columns, long[] Scores) Empty() => ([.. lookups.Select(lookup => new long[lookup.Bins])], new long[prediction.Bins]);
}
