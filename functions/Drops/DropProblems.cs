using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Validation;

namespace Serverless.Functions.Drops;

/// <summary>What can be wrong with a drop before its content is looked at.</summary>
internal static class DropProblems
{
    public static DataProblem NoPipeline(string file) =>
        Problem(
            "drop-without-pipeline",
            $"{Containers.Drop}/{file} outside of any pipeline's folder",
            $"{Containers.Drop}/{{pipeline}}/{{file}}",
            "Upload it again under the name of its pipeline; 'serverless init' writes a definition for a file."
        );

    public static DataProblem UnknownPipeline(string pipeline, string file) =>
        Problem(
            "unknown-pipeline",
            $"{Containers.Drop}/{pipeline}/{file}, and no definition of a pipeline '{pipeline}'",
            $"{Containers.Pipelines}/{pipeline}/pipeline.yaml",
            $"Store one with 'PUT /api/pipelines/{pipeline}' ('serverless init' writes it from the file), then drop the file again."
        );

    public static DataProblem BrokenDefinition(string pipeline, IReadOnlyList<DefinitionMistake> mistakes) =>
        Problem(
            "broken-definition",
            $"{mistakes.Count} mistakes in {Containers.Pipelines}/{pipeline}/pipeline.yaml: {string.Join(" ", mistakes.Take(20))}",
            "a valid definition",
            $"Correct it, store it with 'PUT /api/pipelines/{pipeline}', then drop the file again."
        );

    public static string NoTestFile(string testBlob) =>
        $"Found no held-out file {Containers.Drop}/{testBlob}, which data.test (or the upload) names; expected it before the training file. "
        + "Upload it, then drop the training file again.";

    public static string BadTestName(string name) =>
        $"Found '{Short(name)}' as the name of the held-out file; expected the file's name alone, 1 to 200 characters without folders. "
        + "It lies under drop/{pipeline}/test/.";

    public static string BadFileName(string name) =>
        $"Found the file name '{Short(name)}' of {name.Length:N0} characters; expected 1 to 200 characters without '/' and '\\'. Choose a shorter one.";

    private static string Short(string name) => name.Length <= 200 ? name : name[..200] + "...";

    private static DataProblem Problem(string code, string found, string expected, string advice) =>
        new()
        {
            Code = code,
            Severity = Severity.Error,
            Found = found,
            Expected = expected,
            Advice = advice,
        };
}
