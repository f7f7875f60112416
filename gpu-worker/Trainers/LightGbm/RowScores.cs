namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>Raw scores of rows, as LightGBM takes them to go on from: all rows of the first score, then all of the next.</summary>
internal sealed class RowScores(TrainingRows rows, int scores, int threads)
{
    public double[] Values { get; } = new double[(long)rows.Count * scores];

    /// <summary>Adds what this model gives.</summary>
    public void Add(Booster model)
    {
        var first = 0;
        foreach (var block in rows.Blocks)
        {
            var raw = model.Predict(
                block.Values.AsSpan(0, block.Rows * rows.Columns),
                block.Rows,
                rows.Columns,
                scores,
                threads,
                raw: true
            );
            for (var score = 0; score < scores; score++)
            {
                var into = Values.AsSpan(score * rows.Count + first, block.Rows);
                for (var row = 0; row < block.Rows; row++)
                {
                    into[row] += raw[row * scores + score];
                }
            }

            first += block.Rows;
        }
    }
}
