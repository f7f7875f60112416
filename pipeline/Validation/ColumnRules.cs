using System.Globalization;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Validation;

/// <summary>Columns that harm or help nothing: infinite, empty, constant, the same twice, ids.</summary>
internal sealed class ColumnRules(DuckDbSession session, string parquet, DataDefinition data)
{
    /// <summary>Fewer rows say nothing about ids.</summary>
    private const int LeastForIds = 50;

    /// <summary>Pairs of columns that are compared value by value.</summary>
    private const int MaxPairs = 200;

    public IEnumerable<DataProblem> Check(DatasetProfile profile, CancellationToken cancellationToken) =>
        profile.Columns.SelectMany(column => OfColumn(column, profile)).Concat(Duplicates(profile, cancellationToken));

    private IEnumerable<DataProblem> OfColumn(ColumnProfile column, DatasetProfile profile)
    {
        if (column.Infinite > 0)
        {
            yield return DataProblems.Error(
                "infinite-values",
                $"an infinite value in {column.Infinite:N0} rows",
                "finite numbers (a number above 1.8e308 counts as infinite)",
                "Write such values as missing, or leave the rows out.",
                column.Name
            ) with
            {
                Row = column.FirstInfinite,
                Rows = column.Infinite,
            };
        }

        if (column.NotANumber > 0)
        {
            yield return DataProblems.Warning(
                "nan-values",
                $"NaN in {column.NotANumber:N0} rows",
                "numbers or empty fields",
                "NaN counts as missing.",
                column.Name
            ) with
            {
                Rows = column.NotANumber,
            };
        }

        if (column.Name == data.Target || data.Ignore.Contains(column.Name))
        {
            yield break;
        }

        if (column.Missing == profile.Rows)
        {
            yield return DataProblems.Warning("empty-column", "no value in any row", "values", "It is left out of training.", column.Name);
        }
        else if (column.Constant)
        {
            yield return DataProblems.Warning(
                "constant-column",
                "one value in all rows",
                "at least two values",
                "It is left out of training.",
                column.Name
            );
        }
        else if (
            column.AllDistinctInSample
            && profile.SampledRows - column.Missing >= LeastForIds
            && (column.Type == ColumnType.Text || (column.Type == ColumnType.Integer && IsDense(column)))
        )
        {
            yield return DataProblems.Warning(
                "id-like-column",
                "another value in every row",
                "values that repeat or measure something",
                "If it is an id or a row number, add it to data.ignore.",
                column.Name
            );
        }
    }

    /// <summary>Row numbers fill their range; measurements that happen to differ do not.</summary>
    private static bool IsDense(ColumnProfile column) => column.Max - column.Min < 20d * Math.Max(1, column.Distinct);

    private IEnumerable<DataProblem> Duplicates(DatasetProfile profile, CancellationToken cancellationToken)
    {
        var pairs = profile
            .Columns.Where(column => !column.Constant && column.Missing < profile.Rows && !data.Ignore.Contains(column.Name))
            .GroupBy(Signature)
            .SelectMany(group => group.Skip(1).Select(column => (First: group.First(), Second: column)))
            .Take(MaxPairs);
        foreach (var (first, second) in pairs)
        {
            var same = session.Single(
                $"SELECT count(*) = 0 FROM read_parquet({Sql.Text(parquet)}) WHERE {Sql.Name(first.Name)} IS DISTINCT FROM {Sql.Name(second.Name)}",
                row => row.GetBoolean(0),
                cancellationToken
            );
            if (!same)
            {
                continue;
            }

            var target = first.Name == data.Target || second.Name == data.Target;
            yield return DataProblems.Warning(
                target ? "leaking-column" : "duplicate-column",
                $"the same values as in '{first.Name}' in all rows",
                "columns that say something of their own",
                target ? "It is the target itself: add it to data.ignore." : "Add one of the two to data.ignore.",
                second.Name == data.Target ? first.Name : second.Name
            );
        }
    }

    private static string Signature(ColumnProfile column)
    {
        var values = column.Top is { } top
            ? string.Join('\u001f', top.Take(3).Select(value => $"{value.Value}\u001e{value.Share:R}"))
            : string.Join(' ', column.Quantiles ?? []);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{column.Type} {column.Missing} {column.Distinct} {column.Min:R} {column.Max:R} {values}"
        );
    }
}
