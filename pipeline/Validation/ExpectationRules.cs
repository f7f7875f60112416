using System.Globalization;
using DuckDB.NET.Data;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Validation;

/// <summary>Holds the rows against the expectations of pipeline.yaml: all rules of rows in one scan.</summary>
internal sealed class ExpectationRules(DuckDbSession session, string parquet, IReadOnlyList<ColumnSchema> columns)
{
    private const int Group = 100;

    public List<DataProblem> Check(IReadOnlyList<Expectation> expectations, DatasetProfile profile, CancellationToken cancellationToken)
    {
        var problems = new List<DataProblem>();
        var rules = new List<(Expectation Expectation, ColumnSchema Column, string Bad)>();
        foreach (var expectation in expectations)
        {
            if (expectation.RowsBetween is { } bounds)
            {
                problems.AddRange(Rows(expectation, bounds, profile.Rows));
            }
            else if (columns.FirstOrDefault(column => column.Name == expectation.Column) is not { } column)
            {
                var advice =
                    $"Correct the name in pipeline.yaml.{Suggestion.Sentence(expectation.Column!, columns.Select(one => one.Name))}";
                problems.Add(Problem(expectation, "no such column", "the column in the file", advice));
            }
            else if (expectation.Unique == true)
            {
                problems.AddRange(Unique(expectation, column, cancellationToken));
            }
            else if (expectation.MaxMissing is { } share)
            {
                problems.AddRange(Missing(expectation, share, profile));
            }
            else if (Mismatch(expectation, column) is { } mismatch)
            {
                problems.Add(mismatch);
            }
            else
            {
                rules.Add((expectation, column, Bad(expectation, column)));
            }
        }

        foreach (var group in rules.Chunk(Group))
        {
            problems.AddRange(OfRows(group, profile.Rows, cancellationToken));
        }

        return problems;
    }

    /// <summary>The expectation as a user would write it.</summary>
    public static string Written(Expectation expectation)
    {
        var rule = expectation switch
        {
            { Between: { } bounds } => $"between: [{Bound(bounds[0])}, {Bound(bounds[1])}]",
            { In: { } values } => $"in: [{string.Join(", ", values.Take(20))}{(values.Count > 20 ? ", …" : "")}]",
            { Matches: { } pattern } => $"matches: '{pattern}'",
            { NotNull: true } => "notNull: true",
            { Unique: true } => "unique: true",
            { MaxMissing: { } share } => $"maxMissing: {share}",
            { RowsBetween: { } bounds } => $"rowsBetween: [{Bound(bounds[0])}, {Bound(bounds[1])}]",
            _ => "",
        };
        var column = expectation.Column is { } name ? $"column: \"{name}\", " : "";
        return $"{{ {column}{rule}{(expectation.Mostly < 1 ? $", mostly: {expectation.Mostly}" : "")}{(expectation.Warn ? ", warn: true" : "")} }}";
    }

    private List<DataProblem> OfRows(
        (Expectation Expectation, ColumnSchema Column, string Bad)[] rules,
        long rows,
        CancellationToken cancellationToken
    )
    {
        var selected = rules.Select(rule =>
        {
            var filter = $"FILTER (coalesce({rule.Bad}, false))";
            return $"count(*) {filter}, min({ColumnSql.Row}) {filter}, (arg_min({Sql.Name(rule.Column.Name)}, {ColumnSql.Row}) {filter})::VARCHAR, count({ColumnSql.Value(rule.Column)})";
        });
        try
        {
            return session.Single(
                $"SELECT {string.Join(", ", selected)} FROM {ColumnSql.Rows(parquet)}",
                row =>
                    rules
                        .Index()
                        .Select(rule =>
                        {
                            var at = rule.Index * 4;
                            var found = new Breach(
                                row.GetInt64(at),
                                row.IsDBNull(at + 1) ? null : row.GetInt64(at + 1),
                                row.IsDBNull(at + 2) ? null : row.GetString(at + 2)
                            );
                            return Judge(rule.Item.Expectation, found, rule.Item.Expectation.NotNull == true ? rows : row.GetInt64(at + 3));
                        })
                        .OfType<DataProblem>()
                        .ToList(),
                cancellationToken
            );
        }
        catch (DuckDBException error)
            when (rules.Length > 1 && error.Message.Contains("regular expression", StringComparison.OrdinalIgnoreCase))
        {
            return [.. rules.SelectMany(rule => OfRows([rule], rows, cancellationToken))];
        }
        catch (DuckDBException error) when (rules[0].Expectation.Matches is not null && rules.Length == 1)
        {
            return [Problem(rules[0].Expectation, "a pattern that RE2 refuses", "a regular expression of RE2", error.Message.FirstLine())];
        }
    }

    private static DataProblem? Judge(Expectation expectation, Breach breach, long rows)
    {
        var allowed = (1 - expectation.Mostly) * rows;
        if (breach.Rows <= allowed + 1e-9)
        {
            return null;
        }

        var value = breach.Value is null ? "no value" : $"'{DataProblems.Short(breach.Value)}'";
        var expected = expectation.Mostly < 1 ? $"in at least {expectation.Mostly:P2} of the rows: " : "";
        return Problem(
            expectation,
            $"{value} ({breach.Rows:N0} of {rows:N0} rows break the rule)",
            expected + Rule(expectation),
            "Correct the rows, or change the expectation in pipeline.yaml."
        ) with
        {
            Row = breach.Row,
            Rows = breach.Rows,
        };
    }

    private IEnumerable<DataProblem> Unique(Expectation expectation, ColumnSchema column, CancellationToken cancellationToken)
    {
        var value = ColumnSql.Value(column);
        var twice = session.Query(
            $"SELECT {value}::VARCHAR, count(*), min({ColumnSql.Row}), sum(count(*) - 1) OVER () FROM {ColumnSql.Rows(parquet)} WHERE {value} IS NOT NULL "
                + "GROUP BY 1 HAVING count(*) > 1 ORDER BY 3 LIMIT 1",
            row =>
                (Value: row.GetString(0), Rows: row.GetInt64(1), First: row.GetInt64(2), All: Convert.ToInt64(row.GetValue(3).ToString())),
            cancellationToken
        );
        return twice.Select(found =>
            Problem(
                expectation,
                $"'{DataProblems.Short(found.Value)}' {found.Rows:N0} times ({found.All:N0} rows repeat an earlier value)",
                "every value once",
                "Remove the repeated rows, or change the expectation in pipeline.yaml."
            ) with
            {
                Row = found.First,
                Rows = found.All,
            }
        );
    }

    private static IEnumerable<DataProblem> Missing(Expectation expectation, double share, DatasetProfile profile)
    {
        var missing = profile.Find(expectation.Column!)!.Missing;
        if (missing > share * profile.Rows)
        {
            yield return Problem(
                expectation,
                $"no value in {missing:N0} of {profile.Rows:N0} rows ({(double)missing / profile.Rows:P2})",
                $"no value in at most {share:P2} of the rows",
                "Fill in values, or change the expectation in pipeline.yaml."
            ) with
            {
                Rows = missing,
            };
        }
    }

    private static IEnumerable<DataProblem> Rows(Expectation expectation, IReadOnlyList<double?> bounds, long rows)
    {
        if (rows < bounds[0] || rows > bounds[1])
        {
            yield return Problem(
                expectation,
                $"{rows:N0} rows",
                $"{Bound(bounds[0])} to {Bound(bounds[1])} rows",
                "Check the export, or change the expectation in pipeline.yaml."
            );
        }
    }

    private static DataProblem? Mismatch(Expectation expectation, ColumnSchema column)
    {
        var numeric = column.Type is ColumnType.Number or ColumnType.Integer or ColumnType.Boolean;
        var type = column.Type.ToString().ToLowerInvariant();
        if (expectation.Between is not null && !numeric)
        {
            return Problem(
                expectation,
                $"a {type} column",
                "a column of numbers for 'between'",
                "Use 'in' or 'matches', or correct the column's values."
            );
        }

        return
            column.Type is ColumnType.Number or ColumnType.Integer
            && expectation.In?.FirstOrDefault(text => Number(text) is null) is { } text
            ? Problem(
                expectation,
                $"the text '{text}' in the list for a {type} column",
                "numbers in the list",
                "Correct the list in pipeline.yaml."
            )
            : null;
    }

    private static string Bad(Expectation expectation, ColumnSchema column)
    {
        var value = ColumnSql.Value(column);
        return expectation switch
        {
            { Between: { } bounds } => $"({(bounds[0] is { } least ? $"{ColumnSql.Number(column)} < {Sql.Number(least)}" : "false")} OR "
                + $"{(bounds[1] is { } most ? $"{ColumnSql.Number(column)} > {Sql.Number(most)}" : "false")})",
            { In: { } texts } when column.Type is ColumnType.Number or ColumnType.Integer =>
                $"{value} NOT IN ({string.Join(", ", texts.Select(text => Sql.Number(Number(text)!.Value)))})",
            { In: { } texts } when column.Type == ColumnType.Boolean =>
                $"{value}::VARCHAR NOT IN ({string.Join(", ", texts.Select(text => Sql.Text(text switch { "1" => "true", "0" => "false", _ => text.ToLowerInvariant() })))})",
            { In: { } texts } => $"{value}::VARCHAR NOT IN ({string.Join(", ", texts.Select(Sql.Text))})",
            { Matches: { } pattern } => $"NOT regexp_full_match({value}::VARCHAR, {Sql.Text(pattern)})",
            _ => $"{value} IS NULL",
        };
    }

    private static string Rule(Expectation expectation) =>
        expectation switch
        {
            { Between: { } bounds } => $"a value from {Bound(bounds[0])} to {Bound(bounds[1])}",
            { In: { } values } => $"one of {DataProblems.List([.. values])}",
            { Matches: { } pattern } => $"text of the form {pattern}",
            _ => "a value in every row",
        };

    private static DataProblem Problem(Expectation expectation, string found, string expected, string advice) =>
        DataProblems.Error("expectation", found, expected, advice, expectation.Column) with
        {
            Severity = expectation.Warn ? Severity.Warning : Severity.Error,
            Expectation = Written(expectation) + (expectation.Line > 0 ? $" (line {expectation.Line} of pipeline.yaml)" : ""),
        };

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Bound(double? bound) => bound?.ToString("R", CultureInfo.InvariantCulture) ?? "any";

    private sealed record Breach(long Rows, long? Row, string? Value);
}
