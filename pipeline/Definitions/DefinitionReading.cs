namespace Serverless.Pipeline.Definitions;

/// <summary>What came of reading a pipeline.yaml: a definition, or what is wrong with it.</summary>
/// <param name="Definition">Null when there is a mistake.</param>
/// <param name="Mistakes">All of them, in the file's order.</param>
/// <param name="Warnings">Things that are allowed and probably not meant.</param>
public sealed record DefinitionReading(
    PipelineDefinition? Definition,
    IReadOnlyList<DefinitionMistake> Mistakes,
    IReadOnlyList<DefinitionMistake> Warnings
);

/// <param name="Line">1 is the first.</param>
/// <param name="Column">1 is the first.</param>
/// <param name="Path">Where in the document: <c>data.split.train</c>, <c>expectations[2].between</c>; empty for all of it.</param>
/// <param name="Message">What was found, what was expected, what to do.</param>
public sealed record DefinitionMistake(long Line, long Column, string Path, string Message)
{
    public override string ToString() => $"line {Line}, column {Column}{(Path.Length > 0 ? $", {Path}" : "")}: {Message}";
}
