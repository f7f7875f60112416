using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Training;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Batch;

/// <summary>Whether a file has what a model takes. Single values are looked at later and fail their row alone; a column fails the file.</summary>
internal static class SignatureCheck
{
    /// <exception cref="UnusableFileException">A column is missing, is there twice, or has a type that no value of the model's fits.</exception>
    public static void Require(BatchPlan plan, ModelSignature signature)
    {
        var problems = new List<DataProblem>();
        var names = plan.Columns.Select(column => column.Name).ToList();
        foreach (var twice in names.GroupBy(name => name).Where(group => group.Count() > 1))
        {
            problems.Add(
                DataProblems.Error(
                    "duplicate-column",
                    $"the name {twice.Count()} times",
                    "every name once",
                    "Rename the columns and drop the file again.",
                    twice.Key
                )
            );
        }

        foreach (var input in signature.Inputs)
        {
            if (plan.Columns.FirstOrDefault(column => column.Name == input.Name) is not { } column)
            {
                problems.Add(Missing(input, names));
            }
            else if (!FeatureSql.CanBe(column.Native, input.Type))
            {
                problems.Add(
                    DataProblems.Error(
                        "wrong-type",
                        $"Parquet type {column.Native}",
                        $"values of type {input.Type.ToString().ToLowerInvariant()}, as the model was trained on",
                        "Write the column as that type, or as text.",
                        input.Name
                    )
                );
            }
        }

        if (problems.Count > 0)
        {
            throw new UnusableFileException(problems);
        }
    }

    private static DataProblem Missing(FeatureInput input, List<string> names)
    {
        var similar = names.FirstOrDefault(name => name.Trim().Equals(input.Name.Trim(), StringComparison.OrdinalIgnoreCase));
        return DataProblems.Error(
            "missing-column",
            $"no such column; the file has {DataProblems.List(names)}",
            $"a column '{input.Name}' of type {input.Type.ToString().ToLowerInvariant()}, which the model takes",
            similar is null
                ? "Add it (its values may be missing) and drop the file again."
                : $"Rename '{similar}' and drop the file again.",
            input.Name
        );
    }
}
