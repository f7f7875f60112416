using System.Text.Json;
using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Trainers;

/// <summary>The rounds of all trainers of a job, which run side by side, as lines of metrics and as one progress.</summary>
internal sealed class JobWatch(ClaimContext claim, TimeProvider time)
{
    private readonly Dictionary<string, (int Round, int Rounds)> reached = [];
    private readonly Lock gate = new();

    public ITrainingWatch Of(string trainer) => new TrainerWatch(this, trainer);

    /// <summary>This trainer trains no more: what early stopping left out is not waited for.</summary>
    public void Ended(string trainer, int rounds) => Reach(trainer, rounds, rounds);

    private void Reach(string trainer, int round, int rounds)
    {
        lock (gate)
        {
            reached[trainer] = (round, rounds);
            var progress = new JobProgress(
                JobProgress.Training,
                reached.Values.Sum(each => each.Round),
                reached.Values.Sum(each => each.Rounds),
                "rounds"
            );
            claim.Progress.Report(progress);
        }
    }

    private void Add(MetricPoint point) => claim.Metrics.Add(JsonSerializer.Serialize(point, PipelineJson.Compact));

    private sealed class TrainerWatch(JobWatch job, string trainer) : ITrainingWatch
    {
        public void Round(int round, int rounds, IReadOnlyDictionary<string, double> values)
        {
            job.Add(new MetricPoint(trainer, round, values, job.Now));
            job.Reach(trainer, round, rounds);
        }
    }

    private DateTimeOffset Now => time.GetUtcNow();
}
