using Serverless.GpuWorker.Onnx;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Serving;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>The graph that a program left; its bytes stay as they are.</summary>
internal sealed record CommandCandidate(string Name, byte[] Graph, CommandState State, CommandProblem Problem) : Candidate(Name)
{
    public override int BestRound => State.Best > 0 ? State.Best : State.Round;

    public override int Rounds => State.Round;

    public override IReadOnlyDictionary<string, string> Dropped => new Dictionary<string, string>();

    public override IReadOnlyList<ColumnSchema> Columns => Problem.Features;

    public override CandidateGraph Export(
        string target,
        ColumnType targetType,
        IReadOnlyDictionary<string, string> metadata,
        int threads
    ) => new(this, Graph, CommandGraph.Load(Graph, Problem, Options(threads)));

    public override IAnswerCheck Check(OnnxModel onnx) => new CommandCheck(onnx);

    public override ColumnBatch? Adversarial(ColumnBatch ground, int rows, int seed) => null;

    public override void Dispose() { }
}
