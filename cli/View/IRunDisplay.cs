using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;

namespace Serverless.Cli.View;

/// <summary>Shows a run while it goes on.</summary>
internal interface IRunDisplay
{
    /// <summary>Called after every look.</summary>
    /// <param name="run">As it stands.</param>
    /// <param name="points">Every metric so far.</param>
    void Show(RunView run, IReadOnlyList<MetricPoint> points);
}
