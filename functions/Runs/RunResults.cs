using Serverless.Functions.Runs.Activities;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Runs;

/// <summary>What the stages of a run came to. A stage whose result is here is not done again.</summary>
internal sealed class RunResults
{
    public IngestOutcome? Data { get; set; }

    /// <summary>The training job that succeeded.</summary>
    public string? JobId { get; set; }

    public EvaluationOutcome? Judged { get; set; }

    public int? Version { get; set; }

    /// <summary>A person has said yes; it is not asked again.</summary>
    public bool Approved { get; set; }

    public RunBelongings Belongings(string runId, RunInput input) =>
        new()
        {
            RunId = runId,
            Pipeline = input.Pipeline,
            DefinitionBlob = input.Ingest!.DefinitionBlob,
            DefinitionDigest = input.DefinitionDigest,
            Dataset = Data?.Dataset,
            Split = Data?.Split,
            TestDataset = Data?.TestDataset,
            JobId = JobId,
            Judged = Judged is not null,
            Version = Version,
        };

    /// <summary>Takes back what storage has lost, so that its stage is done again.</summary>
    public void Forget(RunLosses losses)
    {
        Data = losses.Data ? null : Data;
        JobId = losses.Training ? null : JobId;
        // Judged is what was trained: another training is to be judged anew.
        Judged = losses.Evaluation || losses.Training ? null : Judged;
        Version = losses.Model ? null : Version;
    }
}
