namespace Serverless.Pipeline.Evaluation;

/// <summary>Metrics of regression, row by row, in constant memory.</summary>
internal sealed class RegressionMetrics
{
    private long _rows;
    private double _squared;
    private double _absolute;
    private double _mean;
    private double _spread;

    public long Rows => _rows;

    public void Add(double actual, double predicted)
    {
        _rows++;
        var error = predicted - actual;
        _squared += error * error;
        _absolute += Math.Abs(error);

        // Sum of squares around the mean without cancellation (Welford 1962).
        var delta = actual - _mean;
        _mean += delta / _rows;
        _spread += delta * (actual - _mean);
    }

    /// <summary>
    /// RMSE and MAE in the target's unit; R2 = 1 - squared error / squared spread around the mean, absent where the target is constant.
    /// </summary>
    public ModelScore ToScore()
    {
        var metrics = new Dictionary<string, double>();
        if (_rows > 0)
        {
            metrics[MetricNames.Rmse] = Math.Sqrt(_squared / _rows);
            metrics[MetricNames.Mae] = _absolute / _rows;
            if (_spread > 0)
            {
                metrics[MetricNames.R2] = 1 - _squared / _spread;
            }
        }

        return new ModelScore { Metrics = metrics };
    }
}
