using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Validation;

/// <summary>Are the parts large enough to learn from and to judge on?</summary>
internal static class SplitRules
{
    private static readonly string[] Names = ["training", "validation", "test"];

    public static IEnumerable<DataProblem> Check(SplitSummary split, DataDefinition data)
    {
        long[] rows = [split.Train, split.Validation, split.Test];
        var parts = data.Test is null ? 3 : 2;
        var empty = Enumerable.Range(0, parts).Where(part => rows[part] == 0).Select(part => Names[part]).ToList();
        if (empty.Count > 0)
        {
            yield return TooFew($"no row in part {DataProblems.List(empty)} ({rows.Sum():N0} rows in all)", "rows in every part", null);
            yield break;
        }

        foreach (var (label, counts) in split.Classes ?? new Dictionary<string, IReadOnlyList<long>>())
        {
            var without = Enumerable.Range(0, parts).Where(part => counts[part] == 0).ToList();
            if (without.Count == 0)
            {
                continue;
            }

            var found =
                $"class '{DataProblems.Short(label)}' with {counts.Sum():N0} rows and none in part {DataProblems.List([.. without.Select(part => Names[part])])}";
            var problem = TooFew(found, "rows of each class in every part", data.Target);
            yield return data.Task == PredictionTask.Binary || without.Contains(0) ? problem : problem with { Severity = Severity.Warning };
        }
    }

    private static DataProblem TooFew(string found, string expected, string? column) =>
        DataProblems.Error(
            "too-few-rows",
            found,
            expected,
            "Drop a file with more rows, or set data.split.by to stratified, or change the shares of data.split.",
            column
        );
}
