using System.Globalization;
using System.Net;
using System.Text;
using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Validation;

/// <summary>The report as one HTML page without scripts or other files.</summary>
internal static class ReportPage
{
    /// <summary>Columns that are drawn; the JSON has all.</summary>
    private const int MaxColumns = 200;

    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
        h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
        th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d7dce1;vertical-align:top}td.n{text-align:right;white-space:nowrap}
        .error{color:#a40e26;font-weight:600}.warning{color:#7a4d00;font-weight:600}.ok{color:#116329;font-weight:600}
        .bars{display:inline-flex;align-items:flex-end;height:1.6rem;gap:1px}.bars i{width:.5rem;background:#5b8def}
        @media(prefers-color-scheme:dark){body{background:#14171a;color:#e3e6ea}th,td{border-color:#33393f}
        .error{color:#ff8a8a}.warning{color:#f0b75e}.ok{color:#6fd08c}}
        """;

    public static string Of(ValidationReport report)
    {
        var errors = report.Problems.Count(problem => problem.Severity == Severity.Error);
        var page = new StringBuilder();
        page.Append(
            CultureInfo.InvariantCulture,
            $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{Safe(report.File)}</title>"
        );
        page.Append("<meta name=\"viewport\" content=\"width=device-width\"><style>").Append(Style).Append("</style>");
        page.Append(CultureInfo.InvariantCulture, $"<h1>{Safe(report.File)}</h1><p>");
        page.Append(report.Accepted ? "<span class=\"ok\">Accepted</span>" : "<span class=\"error\">Refused</span>");
        page.Append(
            CultureInfo.InvariantCulture,
            $", {errors} errors, {report.Problems.Count - errors} warnings. Run {Safe(report.RunId)}, "
        );
        page.Append(CultureInfo.InvariantCulture, $"{report.CheckedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
        page.Append(report.DataVersion is null ? "." : $", data version {Safe(report.DataVersion)}, {report.Rows:N0} rows.").Append("</p>");
        Problems(page, report.Problems);
        if (report.Split is { } split)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"<h2>Parts</h2><p>{split.Train:N0} rows to train, {split.Validation:N0} to validate, {split.Test:N0} to test"
            );
            page.Append(split.Dropped > 0 ? $"; {split.Dropped:N0} without a target are left out.</p>" : ".</p>");
        }

        if (report.Profile is { } profile)
        {
            Columns(page, profile);
        }

        return page.Append("</html>").ToString();
    }

    private static void Problems(StringBuilder page, IReadOnlyList<DataProblem> problems)
    {
        if (problems.Count == 0)
        {
            page.Append("<p>No problems found.</p>");
            return;
        }

        page.Append("<h2>Problems</h2><table><tr><th>Kind<th>Where<th>Found<th>Expected<th>What to do</tr>");
        foreach (var problem in problems)
        {
            var kind = problem.Severity == Severity.Error ? "error" : "warning";
            var where =
                $"{Safe(problem.Column)}{(problem.Row is { } row ? $" row {row:N0}" : "")}{(problem.Rows is > 1 ? $" ({problem.Rows:N0} rows)" : "")}";
            page.Append(
                CultureInfo.InvariantCulture,
                $"<tr><td><span class=\"{kind}\">{kind}</span><br>{Safe(problem.Code)}<td>{where}<td>{Safe(problem.Found)}"
            );
            page.Append(
                CultureInfo.InvariantCulture,
                $"<td>{Safe(problem.Expected)}{(problem.Expectation is null ? "" : $"<br><code>{Safe(problem.Expectation)}</code>")}"
            );
            page.Append(CultureInfo.InvariantCulture, $"<td>{Safe(problem.Advice)}</tr>");
        }

        page.Append("</table>");
    }

    private static void Columns(StringBuilder page, DatasetProfile profile)
    {
        page.Append("<h2>Columns</h2><table><tr><th>Column<th>Type<th>Missing<th>Distinct<th>Least<th>Mean<th>Greatest<th>Values</tr>");
        foreach (var column in profile.Columns.Take(MaxColumns))
        {
            var missing = profile.Rows == 0 ? 0 : 100d * column.Missing / profile.Rows;
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Safe(column.Name)}<td>{column.Type.ToString().ToLowerInvariant()}");
            page.Append(CultureInfo.InvariantCulture, $"<td class=\"n\">{missing:0.##} %<td class=\"n\">{column.Distinct:N0}");
            page.Append(
                CultureInfo.InvariantCulture,
                $"<td class=\"n\">{Number(column, column.Min)}<td class=\"n\">{Number(column, column.Mean)}<td class=\"n\">{Number(column, column.Max)}<td>"
            );
            if (column.Top is { } top && (column.Type == ColumnType.Text || top.Count <= 10))
            {
                page.Append(Safe(string.Join(", ", top.Take(6).Select(value => $"{DataProblems.Short(value.Value)} {value.Share:P0}"))));
            }
            else if (column.Histogram is { } histogram)
            {
                page.Append("<span class=\"bars\">");
                foreach (var share in histogram.Shares)
                {
                    page.Append(
                        CultureInfo.InvariantCulture,
                        $"<i style=\"height:{Math.Max(4, share * 100 / histogram.Shares.Max()):0}%\"></i>"
                    );
                }

                page.Append("</span>");
            }

            page.Append("</tr>");
        }

        page.Append("</table>");
        if (profile.Columns.Count > MaxColumns)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"<p>{profile.Columns.Count - MaxColumns:N0} more columns are in the JSON report.</p>"
            );
        }
    }

    private static string Number(ColumnProfile column, double? value) =>
        value is not { } number ? ""
        : column.Type == ColumnType.Timestamp && Math.Abs(number) < 2e11
            ? DateTimeOffset.UnixEpoch.AddSeconds(number).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
        : number.ToString("G6", CultureInfo.InvariantCulture);

    private static string Safe(string? text) => WebUtility.HtmlEncode(text ?? "");
}
