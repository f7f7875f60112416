namespace Serverless.Pipeline.Evaluation;

/// <summary>The metrics, as they are written in pipeline.yaml and in every document.</summary>
public static class MetricNames
{
    public const string Auc = "auc";
    public const string PrAuc = "prAuc";
    public const string LogLoss = "logLoss";
    public const string Accuracy = "accuracy";
    public const string F1 = "f1";
    public const string Precision = "precision";
    public const string Recall = "recall";

    /// <summary>Expected calibration error, 10 bins of equal width.</summary>
    public const string CalibrationError = "calibrationError";
    public const string Rmse = "rmse";
    public const string Mae = "mae";
    public const string R2 = "r2";

    /// <summary>True where less is better.</summary>
    public static bool LessIsBetter(string metric) => metric is LogLoss or CalibrationError or Rmse or Mae;
}
