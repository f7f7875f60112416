namespace Serverless.GpuWorker.Trainers.Torch.Fitting;

/// <summary>Up in a straight line, then down along a half cosine to nothing (Loshchilov and Hutter, "SGDR", 2017).</summary>
/// <param name="Highest">Of the settings.</param>
/// <param name="Steps">All that may be taken.</param>
internal readonly record struct LearningRate(double Highest, long Steps)
{
    /// <summary>Of the steps: long enough for AdamW to know the size of its gradients.</summary>
    private const double WarmUp = 0.03;

    /// <param name="step">0 is the first.</param>
    public double At(long step)
    {
        var warm = Math.Max(1, (long)(Steps * WarmUp));
        return step < warm
            ? Highest * (step + 1) / warm
            : Highest * 0.5 * (1 + Math.Cos(Math.PI * (step - warm) / Math.Max(1, Steps - warm)));
    }
}
