namespace Serverless.Pipeline.Datasets;

/// <summary>Profiles a Parquet file: counts and extremes over all rows, the rest over an evenly spread sample.</summary>
internal sealed class ProfileBuilder(DuckDbSession session, IngestionOptions options)
{
    private const int Group = 64;

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

        var step = (rows + options.SampleRows - 1) / options.SampleRows;
        var counts = columns
            .Chunk(Group)
            .SelectMany(group => Counts(parquet, group, rows, exact: step == 1, cancellationToken))
            .ToDictionary(column => column.Name);
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
                var profile = SampleProfile.Add(counts[group[i].Name], batch.Columns[i], batch.Rows, exact: step == 1);
                profiles.Add(WithConstant(profile, parquet, cancellationToken));
                seen(group[i], batch.Columns[i], batch.Rows);
            }
        }

        return new DatasetProfile(rows, sampled, profiles);
    }

    /// <summary>Counts and extremes; distinct values only when the sample, being all rows (<paramref name="exact"/>), will not give them.</summary>
    private List<ColumnProfile> Counts(string parquet, ColumnSchema[] group, long rows, bool exact, CancellationToken cancellationToken)
    {
        const int width = 4;
        var file = $"read_parquet({Sql.Text(parquet)})";
        var profiles = session.Single(
            $"SELECT {string.Join(", ", group.Select(Selected))} FROM {file}",
            row =>
                group
                    .Index()
                    .Select(pair =>
                    {
                        var (at, values) = (pair.Index * width, row.GetInt64(pair.Index * width));
                        return new ColumnProfile
                        {
                            Name = pair.Item.Name,
                            Type = pair.Item.Type,
                            Missing = rows - values,
                            Distinct = values,
                            Min = row.IsDBNull(at + 1) ? null : row.GetDouble(at + 1),
                            Max = row.IsDBNull(at + 2) ? null : row.GetDouble(at + 2),
                            Mean = row.IsDBNull(at + 3) ? null : row.GetDouble(at + 3),
                        };
                    })
                    .ToList(),
            cancellationToken
        );
        for (var i = 0; i < group.Length; i++)
        {
            // NaN and infinity are rare and stand at the ends of the order: only then is the column looked at once more.
            if (profiles[i] is { Min: { } min, Max: { } max } && !(double.IsFinite(min) && double.IsFinite(max)))
            {
                profiles[i] = WithOddNumbers(profiles[i], parquet, cancellationToken);
            }

            var profile = profiles[i];
            profiles[i] = profile with
            {
                Constant = profile.Missing == 0 && profile.Min is not null && profile.Min == profile.Max,
                Mean = profile.Mean is { } mean && double.IsFinite(mean) ? mean : null,
            };
        }

        return exact ? profiles : WithDistinct(profiles, file, cancellationToken);

        static string Selected(ColumnSchema column)
        {
            var name = Sql.Name(column.Name);
            return column.Type switch
            {
                ColumnType.Text => $"count({name}), NULL::DOUBLE, NULL::DOUBLE, NULL::DOUBLE",
                ColumnType.Boolean => $"count({name}), min({name})::INTEGER::DOUBLE, max({name})::INTEGER::DOUBLE, avg({name}::INTEGER)",
                ColumnType.Timestamp =>
                    $"count({name}), epoch_us(min({name}))::DOUBLE / 1e6, epoch_us(max({name}))::DOUBLE / 1e6, avg(epoch_us({name})) / 1e6",
                _ => $"count({name}), min({name})::DOUBLE, max({name})::DOUBLE, avg({name})",
            };
        }
    }

    private ColumnProfile WithOddNumbers(ColumnProfile profile, string parquet, CancellationToken cancellationToken)
    {
        var name = Sql.Name(profile.Name);
        var finite = $"FILTER (isfinite({name}))";
        return session.Single(
            $"SELECT count(*) FILTER (isnan({name})), count(*) FILTER (isinf({name})), min({ColumnSql.Row}) FILTER (isinf({name})), "
                + $"min({name}) {finite}, max({name}) {finite}, avg({name}) {finite} FROM {ColumnSql.Rows(parquet)}",
            row =>
                profile with
                {
                    NotANumber = row.GetInt64(0),
                    Missing = profile.Missing + row.GetInt64(0),
                    Distinct = profile.Distinct - row.GetInt64(0),
                    Infinite = row.GetInt64(1),
                    FirstInfinite = row.IsDBNull(2) ? null : row.GetInt64(2),
                    Min = row.IsDBNull(3) ? null : row.GetDouble(3),
                    Max = row.IsDBNull(4) ? null : row.GetDouble(4),
                    Mean = row.IsDBNull(5) ? null : row.GetDouble(5),
                },
            cancellationToken
        );
    }

    /// <summary>Counting distinct values is the dearest part: flags, of which the extremes say all, are left out.</summary>
    private List<ColumnProfile> WithDistinct(List<ColumnProfile> profiles, string file, CancellationToken cancellationToken)
    {
        var counted = profiles.Where(profile => !IsFlag(profile)).ToList();
        var distinct =
            counted.Count == 0
                ? []
                : session.Single(
                    $"SELECT {string.Join(", ", counted.Select(profile => $"approx_count_distinct({Sql.Name(profile.Name)})"))} FROM {file}",
                    row => counted.Index().ToDictionary(pair => pair.Item.Name, pair => row.GetInt64(pair.Index)),
                    cancellationToken
                );
        return
        [
            .. profiles.Select(profile =>
                profile with
                {
                    Distinct =
                        distinct.TryGetValue(profile.Name, out var about) ? Math.Min(about, profile.Distinct)
                        : profile.Min is null ? 0
                        : profile.Min == profile.Max ? 1
                        : 2,
                }
            ),
        ];
    }

    private static bool IsFlag(ColumnProfile profile) =>
        profile.Type is ColumnType.Integer or ColumnType.Boolean && (profile.Min is null || profile.Max - profile.Min <= 1);

    /// <summary>One text in all rows: told by the extremes, when the sample shows but one.</summary>
    private ColumnProfile WithConstant(ColumnProfile profile, string parquet, CancellationToken cancellationToken) =>
        profile is { Type: ColumnType.Text, Missing: 0, Top.Count: 1 }
            ? profile with
            {
                Constant = session.Single(
                    $"SELECT min({Sql.Name(profile.Name)}) = max({Sql.Name(profile.Name)}) FROM read_parquet({Sql.Text(parquet)})",
                    row => row.GetBoolean(0),
                    cancellationToken
                ),
            }
            : profile;
}
