using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Trainers;

/// <summary>
/// Reads the two parts of a split into memory, each file once: what only the whole file shows (categories by frequency, constant columns,
/// classes) is settled at the end, in place.
/// </summary>
/// <param name="schema">Of the data set.</param>
/// <param name="data">Target, task and ignored columns.</param>
/// <param name="allColumns">Whether columns with a single value are kept.</param>
/// <param name="part">The training rows that stay in memory; null is all.</param>
internal sealed class TrainingDataReader(DatasetSchema schema, DataDefinition data, bool allColumns = false, RowPart? part = null)
{
    /// <summary>A block of 16 MB: large enough to be rare, small enough to be let go soon.</summary>
    private const int ValuesInBlock = 2 << 20;

    /// <param name="trainFile">The training part.</param>
    /// <param name="validationFile">The validation part; null where nobody here looks at it.</param>
    /// <param name="maxCategories">Categories a text column may keep.</param>
    /// <param name="weight">Of the classes.</param>
    /// <param name="cancellationToken">Stop.</param>
    /// <exception cref="JobFailedException">The rows do not fit the definition: no feature, no row, wrong number of classes.</exception>
    public TrainingData Read(
        string trainFile,
        string? validationFile,
        int maxCategories,
        ClassWeight weight,
        CancellationToken cancellationToken
    )
    {
        var target = schema.Find(data.Target) ?? throw NoTarget();
        var columns = schema.Columns.Where(column => column.Name != data.Target && !data.Ignore.Contains(column.Name)).ToList();
        if (columns.Count == 0)
        {
            throw new JobFailedException(
                $"No column is left to learn '{data.Target}' from: all others are ignored. Shorten data.ignore in pipeline.yaml.",
                userError: true
            );
        }

        var scan = new TrainingScan(columns, data.Task, part ?? RowPart.All);
        foreach (var batch in Batches(trainFile, columns, target, cancellationToken))
        {
            scan.Add(batch, batch.Columns[^1]);
        }

        var settled = scan.Settle(maxCategories, allColumns);
        var classes = data.Task == PredictionTask.Regression ? [] : ClassOrder.Of(settled.ClassCounts, data);
        Require(settled, trainFile);
        var labels = new ClassLabels(classes, data.Task);
        settled.Label(labels);
        var validation = validationFile is null
            ? new TrainingRows(settled.Features.Count)
            : ReadPart(validationFile, settled.Features, target, labels, cancellationToken);
        if (weight == ClassWeight.Balanced)
        {
            Weigh(settled, validation, classes);
        }

        return new TrainingData
        {
            Task = data.Task,
            Features = settled.Features,
            Classes = classes,
            Train = settled.Rows,
            Validation = validation,
            Sample = settled.Sample,
            Rows = settled.Seen,
            Dropped = settled.Dropped,
        };
    }

    private static IEnumerable<ColumnBatch> Batches(
        string file,
        IReadOnlyList<ColumnSchema> columns,
        ColumnSchema target,
        CancellationToken cancellationToken
    ) => ParquetRows.Read(file, [.. columns, target], Math.Clamp(ValuesInBlock / columns.Count, 64, 65_536), cancellationToken);

    private static TrainingRows ReadPart(
        string file,
        FeatureSet features,
        ColumnSchema target,
        ClassLabels labels,
        CancellationToken cancellationToken
    )
    {
        var rows = new TrainingRows(features.Count);
        foreach (var batch in Batches(file, features.Columns, target, cancellationToken))
        {
            var values = features.Matrix(batch, 0, batch.Rows);
            var kept = 0;
            for (var row = 0; row < batch.Rows; row++)
            {
                if (labels.Of(batch.Columns[^1], row) is { } label)
                {
                    values.AsSpan(row * features.Count, features.Count).CopyTo(values.AsSpan(kept * features.Count));
                    rows.Labels.Add(label);
                    kept++;
                }
            }

            rows.Add(new RowBlock(values, kept));
        }

        return rows.Count > 0
            ? rows
            : throw new JobFailedException(
                "The validation part of the split has no row with a target; expected some to stop training early by. "
                    + "Raise data.split.validation, or give more rows.",
                userError: true
            );
    }

    /// <summary>Rows weigh in inverse proportion to the frequency of their class, 1 on average; in both parts, so that the loss fits what is learned.</summary>
    private static void Weigh(SettledRows settled, TrainingRows validation, IReadOnlyList<string> classes)
    {
        // Of the whole, not of this part.
        var counts = classes.Select(name => (double)settled.ClassCounts[name]).ToArray();
        foreach (var rows in counts.Length == 0 ? [] : new[] { settled.Rows, validation })
        {
            rows.Weights = [.. rows.Labels.Select(label => (float)((double)settled.Seen / (counts.Length * counts[(int)label])))];
        }
    }

    private void Require(SettledRows settled, string file)
    {
        if (settled.Seen == 0)
        {
            throw new JobFailedException(
                $"The training part of the split ({Path.GetFileName(file)}) has no row with a target '{data.Target}'; expected many.",
                userError: true
            );
        }

        if (settled.Features.Count == 0)
        {
            throw new JobFailedException(
                $"Every column beside '{data.Target}' has one single value in the training rows; there is nothing to learn from.",
                userError: true
            );
        }

        if (
            settled.Features.Columns.FirstOrDefault(c =>
                c.Name is ModelSignature.Outputs.Prediction or ModelSignature.Outputs.Probabilities
            ) is
            { } clash
        )
        {
            throw new JobFailedException(
                $"Column '{clash.Name}' has the name of a model's output. Rename it in the file, or list it in data.ignore.",
                userError: true
            );
        }
    }

    private JobFailedException NoTarget() =>
        new(
            $"The data has no column '{data.Target}'; it has {string.Join(", ", schema.Columns.Take(20).Select(c => $"'{c.Name}'"))}.",
            userError: true
        );
}
