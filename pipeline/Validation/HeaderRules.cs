using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Validation;

/// <summary>What names alone say: too many, none, twice, not those of last time, no target.</summary>
internal static class HeaderRules
{
    public static List<DataProblem> Check(IReadOnlyList<string> names, DatasetSchema? held, DataDefinition data, int maxColumns)
    {
        if (names.Count > maxColumns)
        {
            return
            [
                DataProblems.Error(
                    "too-many-columns",
                    $"{names.Count:N0} columns",
                    $"at most {maxColumns:N0}",
                    "Leave out columns that say nothing, or turn the table so that rows are examples and columns are features."
                ),
            ];
        }

        return [.. Names(names), .. Target(names, data), .. Held(names, held, data), .. Ignored(names, data)];
    }

    private static IEnumerable<DataProblem> Names(IReadOnlyList<string> names)
    {
        var empty = names.Index().Where(name => name.Item.Length == 0).Select(name => $"{name.Index + 1}").ToList();
        if (empty.Count > 0)
        {
            yield return DataProblems.Error(
                "empty-column-name",
                $"no name in column {DataProblems.List(empty)} of the header",
                "a name for every column",
                "Name the columns; a delimiter at the end of lines makes an empty one."
            );
        }

        foreach (
            var twice in names
                .Where(name => name.Length > 0)
                .GroupBy(name => name, StringComparer.OrdinalIgnoreCase)
                .Where(group => group.Count() > 1)
        )
        {
            var same = twice.Distinct().Count() == 1;
            yield return DataProblems.Error(
                "duplicate-column-name",
                same
                    ? $"{twice.Count()} columns of this name"
                    : $"columns {DataProblems.List([.. twice.Distinct()])}, which differ in case alone",
                "a name of its own for every column",
                "Rename or remove one of them.",
                twice.Key
            );
        }
    }

    private static IEnumerable<DataProblem> Target(IReadOnlyList<string> names, DataDefinition data)
    {
        if (!names.Contains(data.Target))
        {
            yield return DataProblems.Error(
                "target-missing",
                $"columns {DataProblems.List([.. names])}",
                $"the target '{data.Target}' among them",
                $"Add the column, or correct data.target in pipeline.yaml.{Suggestion.Sentence(data.Target, names)}",
                data.Target
            );
        }

        if (data.Split is { By: SplitBy.Time, Column: { } time } && !names.Contains(time))
        {
            yield return DataProblems.Error(
                "split-column-missing",
                $"columns {DataProblems.List([.. names])}",
                $"the column of time '{time}' among them",
                $"Add the column, or correct data.split.column in pipeline.yaml.{Suggestion.Sentence(time, names)}",
                time
            );
        }

        if (names.Contains(data.Target) && names.Distinct().Except(data.Ignore).Count() < 2)
        {
            yield return DataProblems.Error(
                "no-features",
                "no column beside the target and the ignored ones",
                "at least one column to learn from",
                "Add columns, or take some out of data.ignore."
            );
        }
    }

    private static IEnumerable<DataProblem> Held(IReadOnlyList<string> names, DatasetSchema? held, DataDefinition data)
    {
        if (held is null)
        {
            yield break;
        }

        foreach (var column in held.Columns.Where(column => !names.Contains(column.Name) && column.Name != data.Target))
        {
            yield return DataProblems.Error(
                "missing-column",
                "no such column",
                $"the column ({column.Type.ToString().ToLowerInvariant()}), as in the first file of this pipeline",
                $"Add it.{Suggestion.Sentence(column.Name, names.Where(name => held.Find(name) is null))} To go on without it for good, delete the blob datasets/PIPELINE/schema.json.",
                column.Name
            );
        }

        foreach (var name in names.Distinct().Where(name => name.Length > 0 && held.Find(name) is null))
        {
            yield return DataProblems.Warning(
                "new-column",
                "a column that the first file of this pipeline did not have",
                "the same columns",
                "It is ignored. To learn from it, delete the blob datasets/PIPELINE/schema.json; the next file then sets the schema.",
                name
            );
        }
    }

    private static IEnumerable<DataProblem> Ignored(IReadOnlyList<string> names, DataDefinition data) =>
        data
            .Ignore.Where(name => !names.Contains(name))
            .Select(name =>
                DataProblems.Warning(
                    "ignored-column-missing",
                    "no such column",
                    "the columns of data.ignore in the file",
                    $"Correct the name in pipeline.yaml if it is meant.{Suggestion.Sentence(name, names)}",
                    name
                )
            );
}
