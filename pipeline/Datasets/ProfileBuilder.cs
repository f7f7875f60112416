using System.Globalization;

namespace Serverless.Pipeline.Datasets;

/// <summary>Profiles a Parquet file: counts and extremes over all rows, the rest over an evenly spread sample.</summary>
internal sealed class ProfileBuilder(DuckDbSession session, IngestionOptions options)
{
    private const int Group = 64;
    private const int MaxTop = 100;
    private static readonly double[] Levels = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
    private static readonly double[] Deciles = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

    /// <summary>Writes the sample to <paramref name="sample"/> (for a small file: gives the file itself) and profiles.</summary>
    /// <param name="parquet">Typed rows.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="sample">Where the sample goes.</param>
    /// <param name="seen">Called with every column's sampled values, for further looks at them.</param>
    /// <param name="cancellationToken">Stops between statements and columns.</param>
    public DatasetProfile Build(
        string parquet,
        IReadOnlyList<ColumnSchema> columns,
        ref string sample,
        Action<ColumnSchema, ColumnValues, int> seen,
        CancellationToken cancellationToken
    )
    {
        var rows = session.Single(
            $"SELECT num_rows FROM parquet_file_metadata({Sql.Text(parquet)})",
            row => row.GetInt64(0),
            cancellationToken
        );
        if (rows == 0)
        {
            return new DatasetProfile(
                0,
                0,
                [
                    .. columns.Select(column => new ColumnProfile
                    {
                        Name = column.Name,
                        Type = column.Type,
                        Missing = 0,
                        Distinct = 0,
                    }),
                ]
            );
        }

        var counts = columns
            .Chunk(Group)
            .SelectMany(group => Counts(parquet, group, rows, cancellationToken))
            .ToDictionary(column => column.Name);
        var step = (rows + options.SampleRows - 1) / options.SampleRows;
        if (step == 1)
        {
            sample = parquet;
        }
        else
        {
            session.Execute(
                $"COPY (SELECT * EXCLUDE (file_row_number) FROM read_parquet({Sql.Text(parquet)}, file_row_number = true) "
                    + $"WHERE file_row_number % {step} = 0) TO {Sql.Text(sample)} (FORMAT parquet, COMPRESSION snappy)",
                cancellationToken
            );
        }

        var sampled = (int)((rows + step - 1) / step);
        var profiles = new List<ColumnProfile>(columns.Count);
        foreach (var group in columns.Chunk(Group))
        {
            var batch = ParquetRows.Read(sample, group, sampled, cancellationToken).First();
            for (var i = 0; i < group.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                profiles.Add(WithSample(counts[group[i].Name], batch.Columns[i], batch.Rows, exact: step == 1));
                seen(group[i], batch.Columns[i], batch.Rows);
            }
        }

        return new DatasetProfile(rows, sampled, profiles);
    }

    private List<ColumnProfile> Counts(string parquet, ColumnSchema[] group, long rows, CancellationToken cancellationToken)
    {
        var selected = group.Select(column =>
        {
            var name = Sql.Name(column.Name);
            var finite = column.Type == ColumnType.Number ? $" FILTER (isfinite({name}))" : "";
            var odd =
                column.Type == ColumnType.Number
                    ? $"count(*) FILTER (isnan({name})), count(*) FILTER (isinf({name})), min(r) FILTER (isinf({name}))"
                    : "0::BIGINT, 0::BIGINT, NULL::BIGINT";
            var range =
                column.Type == ColumnType.Text
                    ? $"NULL::DOUBLE, NULL::DOUBLE, NULL::DOUBLE, min({name}) = max({name})"
                    : $"min({ColumnSql.Number(column)}){finite}, max({ColumnSql.Number(column)}){finite}, avg({ColumnSql.Number(column)}){finite}, "
                        + $"min({name}) = max({name})";
            return $"count({name}), {odd}, approx_count_distinct({name}), {range}";
        });
        const int width = 9;
        return session.Single(
            $"SELECT {string.Join(", ", selected)} FROM {ColumnSql.Rows(parquet, "r")}",
            row =>
                group
                    .Index()
                    .Select(pair =>
                    {
                        var at = pair.Index * width;
                        var (values, nan) = (row.GetInt64(at), row.GetInt64(at + 1));
                        return new ColumnProfile
                        {
                            Name = pair.Item.Name,
                            Type = pair.Item.Type,
                            Missing = rows - values + nan,
                            NotANumber = nan,
                            Infinite = row.GetInt64(at + 2),
                            FirstInfinite = row.IsDBNull(at + 3) ? null : row.GetInt64(at + 3),
                            Distinct = Math.Min(row.GetInt64(at + 4), values - nan),
                            Min = row.IsDBNull(at + 5) ? null : row.GetDouble(at + 5),
                            Max = row.IsDBNull(at + 6) ? null : row.GetDouble(at + 6),
                            Mean = row.IsDBNull(at + 7) ? null : row.GetDouble(at + 7),
                            Constant = values == rows && !row.IsDBNull(at + 8) && row.GetBoolean(at + 8),
                        };
                    })
                    .ToList(),
            cancellationToken
        );
    }

    private static ColumnProfile WithSample(ColumnProfile profile, ColumnValues values, int rows, bool exact) =>
        values.Type == ColumnType.Text
            ? WithTexts(profile, values.Texts.AsSpan(0, rows), exact)
            : WithNumbers(profile, values.Numbers.AsSpan(0, rows), exact);

    private static ColumnProfile WithTexts(ColumnProfile profile, ReadOnlySpan<string> texts, bool exact)
    {
        var counts = new Dictionary<string, int>();
        var total = 0;
        foreach (var text in texts)
        {
            if (text.Length > 0)
            {
                counts[text] = counts.GetValueOrDefault(text) + 1;
                total++;
            }
        }

        return profile with
        {
            Distinct = exact ? counts.Count : profile.Distinct,
            AllDistinctInSample = total > 0 && counts.Count == total,
            Top = counts.Count == total && total > MaxTop ? null : Top(counts, total),
        };
    }

    private static ColumnProfile WithNumbers(ColumnProfile profile, ReadOnlySpan<double> numbers, bool exact)
    {
        var sorted = new double[numbers.Length];
        var count = 0;
        foreach (var number in numbers)
        {
            if (double.IsFinite(number))
            {
                sorted[count++] = number;
            }
        }

        if (count == 0)
        {
            return profile;
        }

        var finite = sorted.AsSpan(0, count);
        finite.Sort();
        var (distinct, mean, squares) = (1, finite[0], 0d);
        for (var i = 1; i < count; i++)
        {
            distinct += finite[i] == finite[i - 1] ? 0 : 1;
            var off = finite[i] - mean;
            mean += off / (i + 1);
            squares += off * (finite[i] - mean);
        }

        var std = count > 1 ? Math.Sqrt(squares / (count - 1)) : 0;
        return profile with
        {
            Distinct = exact ? distinct : profile.Distinct,
            AllDistinctInSample = distinct == count,
            Std = double.IsFinite(std) ? std : null,
            Quantiles = Quantiles(finite, Levels),
            Histogram = Histogram.Of(finite, [.. Quantiles(finite, Deciles).Distinct()]),
            Top = distinct <= MaxTop ? Top(finite) : null,
        };
    }

    private static List<double> Quantiles(ReadOnlySpan<double> sorted, double[] levels)
    {
        var quantiles = new List<double>(levels.Length);
        foreach (var level in levels)
        {
            quantiles.Add(sorted[Math.Max(0, (int)Math.Ceiling(level * sorted.Length) - 1)]);
        }

        return quantiles;
    }

    private static List<ValueShare> Top(ReadOnlySpan<double> sorted)
    {
        var counts = new Dictionary<string, int>();
        for (int i = 0, from = 0; i < sorted.Length; i++)
        {
            if (i + 1 == sorted.Length || sorted[i + 1] != sorted[i])
            {
                counts[sorted[i].ToString("R", CultureInfo.InvariantCulture)] = i + 1 - from;
                from = i + 1;
            }
        }

        return Top(counts, sorted.Length);
    }

    private static List<ValueShare> Top(Dictionary<string, int> counts, int total) =>
        [
            .. counts
                .OrderByDescending(pair => pair.Value)
                .ThenBy(pair => pair.Key, StringComparer.Ordinal)
                .Take(MaxTop)
                .Select(pair => new ValueShare(pair.Key, (double)pair.Value / total)),
        ];
}
