using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Validation;

/// <summary>Can the target be learned at all?</summary>
internal sealed class TargetRules(DuckDbSession session, string parquet, DataDefinition data, IngestionOptions options)
{
    public List<DataProblem> Check(ColumnSchema target, DatasetProfile profile, CancellationToken cancellationToken)
    {
        var column = profile.Find(target.Name)!;
        List<DataProblem> problems = [.. Missing(target, column, profile.Rows, cancellationToken)];
        if (column.Missing == profile.Rows)
        {
            return problems;
        }

        problems.AddRange(
            data.Task == PredictionTask.Regression
                ? Regression(target, column, cancellationToken)
                : Classes(target, profile, cancellationToken)
        );
        return problems;
    }

    private IEnumerable<DataProblem> Missing(ColumnSchema target, ColumnProfile column, long rows, CancellationToken cancellationToken)
    {
        if (column.Missing == 0)
        {
            yield break;
        }

        var first = session.Single(
            $"SELECT min({ColumnSql.Row}) FROM {ColumnSql.Rows(parquet)} WHERE {ColumnSql.Value(target)} IS NULL",
            row => row.GetInt64(0),
            cancellationToken
        );
        var share = (double)column.Missing / rows;
        var problem = DataProblems.Warning(
            "target-values-missing",
            $"no target in {column.Missing:N0} of {rows:N0} rows ({share:P2})",
            "a target in every row",
            "These rows are left out of training and evaluation.",
            target.Name
        );
        yield return (
            share > options.MaxMissingTarget
                ? problem with
                {
                    Severity = Severity.Error,
                    Expected = $"a target in at least {1 - options.MaxMissingTarget:P0} of the rows",
                    Advice = "Fill in the target, or leave such rows out of the file.",
                }
                : problem
        ) with
        {
            Row = first,
            Rows = column.Missing,
        };
    }

    private IEnumerable<DataProblem> Regression(ColumnSchema target, ColumnProfile column, CancellationToken cancellationToken)
    {
        if (target.Type is ColumnType.Text or ColumnType.Timestamp)
        {
            var name = Sql.Name(target.Name);
            var (row, value, count) = session.Single(
                $"SELECT min({ColumnSql.Row}), arg_min({name}::VARCHAR, {ColumnSql.Row}), count(*) FROM {ColumnSql.Rows(parquet)} "
                    + $"WHERE {name} IS NOT NULL AND TRY_CAST({name}::VARCHAR AS DOUBLE) IS NULL",
                found => found.IsDBNull(0) ? (0L, "", 0L) : (found.GetInt64(0), found.GetString(1), found.GetInt64(2)),
                cancellationToken
            );
            yield return DataProblems.Error(
                "target-not-numeric",
                $"'{DataProblems.Short(value)}' ({count:N0} values that are no numbers)",
                "numbers alone, since the task is regression",
                "Correct the values, list them under data.missing, or set data.task to binary or multiclass.",
                target.Name
            ) with
            {
                Row = row,
                Rows = count,
            };
        }
        else if (column.Min == column.Max)
        {
            yield return Constant(target, $"{column.Min}");
        }
    }

    private IEnumerable<DataProblem> Classes(ColumnSchema target, DatasetProfile profile, CancellationToken cancellationToken)
    {
        var value = ColumnSql.Value(target);
        var classes = session.Query(
            $"SELECT CAST({value} AS VARCHAR), count(*), min({ColumnSql.Row}) FROM {ColumnSql.Rows(parquet)} WHERE {value} IS NOT NULL "
                + $"GROUP BY 1 ORDER BY 2 DESC, 3 LIMIT {options.MaxClasses + 1}",
            row => (Label: row.GetString(0), Rows: row.GetInt64(1), First: row.GetInt64(2)),
            cancellationToken
        );
        var values = profile.Rows - profile.Find(target.Name)!.Missing;
        if (classes.Count == 1)
        {
            yield return Constant(target, classes[0].Label);
        }
        else if (classes[0].Rows == 1 && values > 2)
        {
            yield return DataProblems.Error(
                "target-all-unique",
                $"another value in every row ({classes[0].Label}, {classes[1].Label}, …)",
                "classes that repeat",
                "This is an id or a measurement: choose another target, or set data.task to regression.",
                target.Name
            );
        }
        else if (data.Task == PredictionTask.Binary && classes.Count > 2)
        {
            yield return DataProblems.Error(
                "too-many-classes",
                $"{(classes.Count > options.MaxClasses ? $"more than {options.MaxClasses:N0}" : classes.Count)} classes: "
                    + DataProblems.List([.. classes.Select(one => one.Label)]),
                "two classes, since the task is binary",
                "Correct or remove the rows of the third class, or set data.task to multiclass (or regression).",
                target.Name
            ) with
            {
                Row = classes[2].First,
            };
        }
        else if (classes.Count > options.MaxClasses)
        {
            yield return DataProblems.Error(
                "too-many-classes",
                $"more than {options.MaxClasses:N0} classes",
                $"at most {options.MaxClasses:N0}",
                "Merge rare classes, or set data.task to regression if the target is a quantity.",
                target.Name
            );
        }
        else if (data.Positive is { } positive && classes.All(one => !Same(one.Label, positive)))
        {
            yield return DataProblems.Error(
                "positive-class-missing",
                $"classes {DataProblems.List([.. classes.Select(one => one.Label)])}",
                $"'{positive}' among them, as data.positive says",
                $"Correct data.positive in pipeline.yaml.{Suggestion.Sentence(positive, classes.Select(one => one.Label))}",
                target.Name
            );
        }
    }

    private static bool Same(string label, string positive) =>
        string.Equals(label, positive, StringComparison.OrdinalIgnoreCase)
        || (double.TryParse(label, out var a) && double.TryParse(positive, out var b) && a == b);

    private static DataProblem Constant(ColumnSchema target, string value) =>
        DataProblems.Error(
            "target-constant",
            $"'{DataProblems.Short(value)}' in every row",
            "at least two values",
            "A model can learn nothing from one value: drop a file with other rows.",
            target.Name
        );
}
