using Serverless.Functions.Runs;
using Serverless.Functions.Runs.Activities;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Tests.Runs;

/// <summary>A run over a fake engine whose activities all go well; what goes otherwise, a test says.</summary>
public abstract class RunTest
{
    private protected static readonly DatasetRef Data = new("machine-failure", "00112233445566aa");

    private protected static readonly IngestOutcome Accepted = new()
    {
        Accepted = true,
        Dataset = Data,
        Split = Data.Split("aabbccddeeff0011"),
        Rows = 10_000,
        Columns = 14,
        Report = "r/validation.json",
    };

    private protected static readonly RunInput Input = new()
    {
        Pipeline = "machine-failure",
        File = "day1.csv",
        ETag = "\"1\"",
        DefinitionDigest = "d",
        ApprovalTimeout = TimeSpan.FromHours(1),
        Ingest = new IngestRequest
        {
            Pipeline = "machine-failure",
            RunId = "machine-failure-0123456789abcdef",
            SourceBlob = "machine-failure/day1.csv",
            SourceHash = "h",
            SourceBytes = 1,
            DefinitionBlob = "r/pipeline.yaml",
        },
    };

    private protected static FakeOrchestration<RunStatus> Start(RunInput? input = null)
    {
        var run = new FakeOrchestration<RunStatus>(nameof(RunOrchestrator), input ?? Input);
        run.On<IngestRequest>("IngestFile", _ => Accepted);
        run.On<JobSpec>("OfferJob", job => Offer(run, [], job));
        run.On<string>("CheckJob", _ => new JobOutcome(JobState.Succeeded, null, "lightgbm", null));
        run.On<EvaluationRequest>("EvaluateModel", _ => Judged(passed: true));
        run.On<Registration>("RegisterModel", _ => 7);
        run.On<Candidate>("MarkCandidate", candidate => candidate.Waiting);
        run.On<Deployment>("DeployModel", _ => true);
        run.On<RunBelongings>("FindLosses", _ => Lost());
        return run;
    }

    private protected static string Offer(FakeOrchestration<RunStatus> run, List<JobSpec> offered, JobSpec job)
    {
        offered.Add(job);
        run.Raise(JobEvent.Name(job.JobId), new JobEvent(job.JobId, job.NotifyInstance, JobState.Succeeded));
        return job.JobId;
    }

    private protected static EvaluationOutcome Judged(bool passed) =>
        passed
            ? new(true, "Passed: auc 0.97 is at least 0.9.", "auc 0.97", null)
            : new(false, "Not passed: auc 0.7 is below 0.9.", "auc 0.7", null);

    private protected static RunLosses Lost(bool data = false, bool training = false, bool model = false, string[]? names = null) =>
        new(Definition: false, data, training, Evaluation: false, model, names ?? []);
}
