using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Registry;

namespace Serverless.Pipeline.Batch;

/// <summary>The sum of a job's parts.</summary>
internal static class SummaryOf
{
    public static BatchSummary Parts(
        BatchRequest request,
        BatchPlan plan,
        ModelManifest manifest,
        IReadOnlyList<PartReport> reports,
        int listed,
        DateTimeOffset startedAt,
        DateTimeOffset endedAt
    )
    {
        var signature = manifest.Signature;
        var tally = reports.Select(report => report.Tally).Aggregate(new PartTally(), (sum, next) => sum.Plus(next));
        var columns = ResultColumns.For(signature, plan.Columns.Select(column => column.Name));
        var folder = BatchBlobs.Folder(request).Length;
        return new BatchSummary
        {
            JobId = request.JobId,
            Model = request.Model,
            Version = request.Version,
            RunId = manifest.RunId,
            Source = $"{request.Container}/{request.Blob}",
            Rows = reports.Sum(report => report.Rows + report.Rejected),
            Failed = reports.Sum(report => report.Failed),
            Failures = [.. reports.SelectMany(report => report.Failures).Take(listed)],
            Columns = columns.Roles(signature),
            Classes =
                signature.Task == PredictionTask.Regression
                    ? null
                    : signature.Classes.Zip(tally.Classes).ToDictionary(pair => pair.First, pair => pair.Second),
            Values =
                signature.Task == PredictionTask.Regression
                    ? new ValueStatistics(
                        tally.Count,
                        tally.Count == 0 ? double.NaN : tally.Mean,
                        Math.Sqrt(tally.Squares / tally.Count),
                        tally.Min,
                        tally.Max
                    )
                    : null,
            Parts =
            [
                .. reports.Select(report => new PartEntry(
                    BatchBlobs.Part(request, plan, report.Index)[folder..],
                    report.Rows,
                    report.FirstRow + 1,
                    report.BytesWritten
                )),
            ],
            StartedAt = startedAt,
            EndedAt = endedAt,
            Cost = new BatchCost(
                reports.Sum(report => report.Seconds),
                tally.ModelSeconds,
                reports.Sum(report => report.BytesRead),
                reports.Sum(report => report.BytesWritten),
                reports.Sum(report => report.MachineSeconds),
                Price(reports)
            ),
        };
    }

    /// <summary>Unknown as soon as one part's is.</summary>
    private static decimal? Price(IEnumerable<PartReport> reports) =>
        reports.Aggregate((decimal?)0, (sum, report) => sum + report.Price) is { } known ? Math.Round(known, 9) : null;
}
