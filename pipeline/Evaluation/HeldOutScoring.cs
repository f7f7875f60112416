using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Evaluation;

/// <summary>
/// Scores held-out rows with one or more models in one pass over the file, batch by batch: memory does not grow with the rows but for the
/// scores that <see cref="RankedScores"/> keeps. Rows without a target are left out.
/// </summary>
public static class HeldOutScoring
{
    /// <summary>Wide tables get shorter batches, so that a batch stays around 32 MB.</summary>
    private const int ValuesInBatch = 4 << 20;

    /// <param name="path">A Parquet file of ours.</param>
    /// <param name="schema">Its columns.</param>
    /// <param name="models">The first one's target is the truth for all; each must fit the file (<see cref="ModelFit"/>).</param>
    /// <param name="cancellationToken">Looked at between batches.</param>
    /// <param name="reference">Gets the rows and what the first model says of them; rows without a target too.</param>
    /// <returns>The number of rows that were scored, and a score for each model.</returns>
    /// <exception cref="InvalidDataException">The file lacks a column that a model takes.</exception>
    public static (long Rows, IReadOnlyList<ModelScore> Scores) Score(
        string path,
        DatasetSchema schema,
        IReadOnlyList<OnnxModel> models,
        CancellationToken cancellationToken,
        ReferenceBuilder? reference = null
    )
    {
        var truth = models[0].Signature;
        var columns = Columns(schema, models);
        var tallies = models.Select(model => new Tally(model)).ToList();
        var batchRows = Math.Clamp(ValuesInBatch / columns.Count, 256, 16_384);
        long rows = 0;
        foreach (var batch in ParquetRows.Read(path, columns, batchRows, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var target = batch.Find(truth.Target)!;
            rows += tallies.Index().Max(tally => tally.Item.Add(batch, target, tally.Index == 0 ? reference : null));
        }

        return (rows, [.. tallies.Select(tally => tally.ToScore())]);
    }

    // Read as the file has them, whatever kind of number a model was trained on: both reach it as float64.
    private static List<ColumnSchema> Columns(DatasetSchema schema, IReadOnlyList<OnnxModel> models) =>
        [
            .. models
                .SelectMany(model => model.Signature.Inputs.Select(input => input.Name))
                .Prepend(models[0].Signature.Target)
                .Distinct()
                .Select(name =>
                    schema.Find(name)
                    ?? throw new InvalidDataException(
                        $"The held-out rows have no column '{name}', which the model takes; they have {string.Join(", ", schema.Columns.Select(column => column.Name))}."
                    )
                ),
        ];

    private sealed class Tally(OnnxModel model)
    {
        private readonly ClassificationMetrics _classes = new(model.Signature.Classes);
        private readonly RegressionMetrics _values = new();

        public int Add(ColumnBatch batch, ColumnValues target, ReferenceBuilder? reference)
        {
            var signature = model.Signature;
            var predictions = model.Score(batch);
            reference?.Add(batch, predictions);
            var counted = 0;
            for (var row = 0; row < batch.Rows; row++)
            {
                if (signature.Task == PredictionTask.Regression)
                {
                    if (target.Numbers![row] is var actual && double.IsFinite(actual))
                    {
                        _values.Add(actual, predictions.Values![row]);
                        counted++;
                    }
                }
                else if (ClassLabel.Of(target, row) is { } label)
                {
                    var width = signature.Classes.Count;
                    _classes.Add(label, signature.Classes[predictions.Labels![row]], predictions.Probabilities.AsSpan(row * width, width));
                    counted++;
                }
            }

            return counted;
        }

        public ModelScore ToScore() => model.Signature.Task == PredictionTask.Regression ? _values.ToScore() : _classes.ToScore();
    }
}
