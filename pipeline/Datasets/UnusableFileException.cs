using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Datasets;

/// <summary>The file cannot become a data set; ends its reading, and its problems go into the report.</summary>
internal sealed class UnusableFileException(params IReadOnlyList<DataProblem> problems) : Exception(problems[0].ToString())
{
    public IReadOnlyList<DataProblem> Problems { get; } = problems;
}
