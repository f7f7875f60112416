using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Definitions.Drafting;

/// <summary>The findings as YAML with comments.</summary>
internal static partial class DraftText
{
    /// <summary>Columns that get an expectation each; a person adds to the list, nobody cuts one of thousands.</summary>
    private const int MaxExpectations = 40;

    private const int MaxListed = 20;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(string name, string file, FileFindings findings)
    {
        var (profile, data) = (findings.Profile, findings.Data);
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"# Drafted from {OneLine(file)}: {profile.Rows:N0} rows, {profile.Columns.Count:N0} columns. Every key: docs/pipeline-yaml.md.\n"
        );
        text.Append(CultureInfo.InvariantCulture, $"name: {name}\n\ndata:\n  target: {Scalar(data.Target)}");
        text.Append(CultureInfo.InvariantCulture, $" # {OneLine(Describe(profile.Find(data.Target)!, profile.Rows))}\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"  task: {data.Task.ToString().ToLowerInvariant()} # binary | multiclass | regression\n"
        );
        var ignored = Ignored(text, findings);
        var by = data.Task == PredictionTask.Regression || profile.Rows >= 5_000 ? "hash" : "stratified";
        text.Append(
            CultureInfo.InvariantCulture,
            $"  split: {{ train: 0.7, validation: 0.15, test: 0.15, by: {by} }} # hash | time | stratified\n\n"
        );
        Columns(text, profile, data, ignored);
        Expectations(text, profile, data, ignored);
        text.Append("training:\n  trainers:\n    - lightgbm: { rounds: 1000, leaves: 31, earlyStopping: 50 }\n\n");
        text.Append(
            data.Task switch
            {
                PredictionTask.Binary =>
                    "gate: { metric: auc, beatChampionBy: 0 } # add atLeast: 0.8 to ask for more than the champion has\n",
                PredictionTask.Multiclass =>
                    "gate: { metric: accuracy, beatChampionBy: 0 } # add atLeast: 0.8 to ask for more than the champion has\n",
                _ => "gate: { metric: rmse, beatChampionBy: 0 } # add atMost: 10 to ask for more than the champion has\n",
            }
        );
        return text.Append("\ndeployment: { strategy: direct }\n").ToString();
    }

    private static HashSet<string> Ignored(StringBuilder text, FileFindings findings)
    {
        var reasons = findings
            .Problems.Where(problem => problem.Code is "id-like-column" or "duplicate-column" or "leaking-column")
            .Select(problem => (Name: problem.Column!, Reason: Reason(problem.Code, problem.Found)))
            .Concat(findings.Leaks.Select(leak => (Name: leak.Key, Reason: $"may give the target away: {leak.Value}")))
            .Where(column => column.Name != findings.Data.Target)
            .DistinctBy(column => column.Name)
            .ToList();
        if (reasons.Count == 0)
        {
            text.Append("  ignore: [] # ids, and columns that are known only after the target\n");
            return [];
        }

        text.Append("  ignore: # kept in the data, never shown to a model; take out what is wrongly here\n");
        foreach (var (name, reason) in reasons)
        {
            text.Append(CultureInfo.InvariantCulture, $"    - {Scalar(name)} # {OneLine(reason)}\n");
        }

        return [.. reasons.Select(column => column.Name)];
    }

    private static string Reason(string code, string found) =>
        code switch
        {
            "id-like-column" => "looks like an id: " + found,
            "duplicate-column" => found,
            _ => "may give the target away: " + found,
        };

    private static void Columns(StringBuilder text, DatasetProfile profile, DataDefinition data, HashSet<string> ignored)
    {
        text.Append("# What the columns hold:\n");
        foreach (var column in profile.Columns.Where(column => column.Name != data.Target && !ignored.Contains(column.Name)).Take(200))
        {
            text.Append(CultureInfo.InvariantCulture, $"#   {OneLine(column.Name)}: {OneLine(Describe(column, profile.Rows))}\n");
        }
    }

    private static void Expectations(StringBuilder text, DatasetProfile profile, DataDefinition data, HashSet<string> ignored)
    {
        text.Append(
            "\n# Suggested from this file, with a margin. With 'warn: true' a breach is reported; without it the file is refused.\nexpectations:\n"
        );
        text.Append(CultureInfo.InvariantCulture, $"  - {{ rowsBetween: [{Math.Max(1, profile.Rows / 10)}, null], warn: true }}\n");
        var columns = profile.Columns.Where(column => column.Name != data.Target && !ignored.Contains(column.Name) && !column.Constant);
        foreach (var column in columns.Take(MaxExpectations))
        {
            if (column is { Type: ColumnType.Text, Top: { } top } && top.Count <= MaxListed && column.Distinct <= MaxListed)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"  - {{ column: {Scalar(column.Name)}, in: [{string.Join(", ", top.Select(value => Scalar(value.Value)))}], warn: true }}\n"
                );
            }
            else if (column is { Type: ColumnType.Number or ColumnType.Integer, Min: { } min, Max: { } max })
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"  - {{ column: {Scalar(column.Name)}, between: [{Low(min, max)}, {High(min, max)}], warn: true }}\n"
                );
            }
        }

        text.Append('\n');
    }

    private static string Describe(ColumnProfile column, long rows)
    {
        var missing = column.Missing > 0 ? $", {100d * column.Missing / rows:0.##} % missing" : "";
        var values = column switch
        {
            { Constant: true } => ", one value in all rows",
            { Type: ColumnType.Text or ColumnType.Boolean, Top: { } top } =>
                $", {column.Distinct:N0} values: {string.Join(", ", top.Take(5).Select(value => $"{value.Value} {100 * value.Share:0.#} %"))}",
            { Type: ColumnType.Timestamp, Min: { } from, Max: { } to } when Math.Abs(from) < 2e11 && Math.Abs(to) < 2e11 =>
                $", {DateTimeOffset.UnixEpoch.AddSeconds(from):yyyy-MM-dd} to {DateTimeOffset.UnixEpoch.AddSeconds(to):yyyy-MM-dd}",
            { Min: { } min, Max: { } max } => $", {min:G6} to {max:G6}, mean {column.Mean:G6}",
            _ => $", {column.Distinct:N0} values",
        };
        return column.Type.ToString().ToLowerInvariant() + values + missing;
    }

    /// <summary>A quarter of the range below, rounded down to two digits; never below 0 where nothing is.</summary>
    private static string Low(double min, double max)
    {
        var low = Rounded(min - ((max - min) / 4), Math.Floor);
        return Number(min >= 0 ? Math.Max(0, low) : low);
    }

    private static string High(double min, double max) => Number(Rounded(max + ((max - min) / 4), Math.Ceiling));

    private static double Rounded(double value, Func<double, double> round)
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return double.IsFinite(value) ? value : Math.CopySign(1e308, value);
        }

        var unit = Math.Pow(10, Math.Floor(Math.Log10(Math.Abs(value))) - 1);
        return unit is 0 or double.PositiveInfinity ? value : round(value / unit) * unit;
    }

    private static string Number(double value) =>
        Math.Abs(value) < 1e15
            ? ((decimal)Math.Round(value, 9)).ToString("0.#########", CultureInfo.InvariantCulture)
            : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Plain where that is safe, else in double quotes, whose escapes are JSON's.</summary>
    private static string Scalar(string text) =>
        Safe().IsMatch(text) && text.ToLowerInvariant() is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n")
            ? text
            : JsonSerializer.Serialize(text, Plain);

    private static string OneLine(string text) =>
        new([.. text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' or '\u0085' ? ' ' : c)]);

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_]*$")]
    private static partial Regex Safe();
}
