using System.Globalization;

namespace Serverless.Pipeline.Batch;

/// <summary>
/// The blobs of a batch job in container <c>scored</c>. Names that begin with an underscore are for the job itself; readers of folders
/// (DuckDB, Spark, pandas over <c>*.parquet</c>) do not see them.
/// </summary>
public static class BatchBlobs
{
    public static string Folder(BatchRequest request) => $"{request.Model}/{request.JobId}/";

    /// <summary>Written last: a result is whole when its summary is there.</summary>
    public static string Summary(BatchRequest request) => Folder(request) + "summary.json";

    internal static string Plan(BatchRequest request) => Folder(request) + "_plan.json";

    internal static string Part(BatchRequest request, BatchPlan plan, int index) =>
        Folder(request) + string.Create(CultureInfo.InvariantCulture, $"part-{index:D5}.{plan.Extension}");

    internal static string Reports(BatchRequest request) => Folder(request) + "_parts/";

    /// <summary>Written after its part: a part counts when its report is there.</summary>
    internal static string Report(BatchRequest request, int index) =>
        Reports(request) + string.Create(CultureInfo.InvariantCulture, $"{index:D5}.json");

    /// <summary>In container <c>jobs</c>: the model as the app copied it for a worker.</summary>
    internal static string PinnedModel(BatchRequest request) => $"{request.JobId}/model.onnx";

    /// <summary>In container <c>jobs</c>.</summary>
    internal static string PinnedManifest(BatchRequest request) => $"{request.JobId}/manifest.json";
}
