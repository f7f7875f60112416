using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Validation;

namespace Serverless.Functions.Batch;

/// <summary>Why rows are scored by no job.</summary>
internal static class BatchProblems
{
    public static DataProblem NoModel(string blob) =>
        Problem(
            "no-model",
            $"the file {Containers.Batch}/{blob} outside of any model's folder",
            $"{Containers.Batch}/{{model}}/{{file}}",
            "Drop it into the folder of a model; GET /api/models lists them."
        );

    public static DataProblem NoAlias(string model, string alias) =>
        Problem(
            $"no-{alias}",
            $"no {alias} of a model '{model}'",
            "a model in production",
            "Check the name (GET /api/models lists models with their aliases), or name a version; then drop the file again."
        );

    public static DataProblem NoVersion(string model, string version) =>
        Problem(
            "no-version",
            $"version '{version}' of model '{model}'",
            "the number of a registered version, champion or candidate",
            $"GET /api/models/{model} lists them; then start it again."
        );

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
