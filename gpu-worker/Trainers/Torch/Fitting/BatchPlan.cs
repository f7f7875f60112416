namespace Serverless.GpuWorker.Trainers.Torch.Fitting;

/// <summary>
/// Which rows a step takes. Everything is a function of seed, epoch and step, and nothing of what went before: a run that goes on from a
/// checkpoint draws what it would have drawn.
/// </summary>
internal sealed class BatchPlan
{
    private readonly int[] order;
    private readonly ulong seed;
    private int shuffled;

    /// <param name="rows">Training rows.</param>
    /// <param name="batch">Rows of a step, at most.</param>
    /// <param name="seed">Of the job.</param>
    public BatchPlan(int rows, int batch, int seed)
    {
        (order, this.seed) = (new int[rows], (ulong)seed);
        // All steps of an epoch are of the same size, give or take a row: no last one is too small to learn from.
        Steps = (int)(((long)rows + batch - 1) / batch);
        Largest = (rows + Steps - 1) / Steps;
    }

    /// <summary>Of an epoch.</summary>
    public int Steps { get; }

    /// <summary>Rows of the largest step.</summary>
    public int Largest { get; }

    /// <summary>Rows of a step by default: small data needs many steps, large data large products.</summary>
    public static int SizeFor(int rows) =>
        rows switch
        {
            < 2_000 => 32,
            < 10_000 => 64,
            < 50_000 => 128,
            < 200_000 => 256,
            < 1_000_000 => 512,
            _ => 1024,
        };

    /// <param name="epoch">1 is the first.</param>
    /// <param name="step">Of the epoch, 0 is the first.</param>
    public ReadOnlySpan<int> Rows(int epoch, int step)
    {
        if (shuffled != epoch)
        {
            for (var i = 0; i < order.Length; i++)
            {
                order[i] = i;
            }

            new Random(Seed(epoch, -1)).Shuffle(order);
            shuffled = epoch;
        }

        var (from, to) = ((int)((long)order.Length * step / Steps), (int)((long)order.Length * (step + 1) / Steps));
        return order.AsSpan(from, to - from);
    }

    /// <summary>For what a step draws.</summary>
    public int Seed(int epoch, int step)
    {
        // The finalizer of SplitMix64 (Steele et al., 2014): neighbours in, strangers out.
        var mixed = seed * 0x9E3779B97F4A7C15 + ((ulong)(uint)epoch << 32 | (uint)step);
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
        return (int)((mixed ^ mixed >> 31) & int.MaxValue);
    }
}
