namespace Serverless.Cli.Doctor;

/// <summary>
/// The rights that the template gives (<c>infra/app/roles.bicep</c>), each as "ROLE on WHAT"; a test compares them with the resolved template.
/// What there are several of, as scale sets and hubs, is named once.
/// </summary>
internal static class ExpectedRoles
{
    public const string App = "the app";
    public const string Worker = "the workers";
    public const string Topic = "the Event Grid topic";

    /// <summary>The custom role's short name.</summary>
    public const string Scaler = "worker scaler";

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Always { get; } =
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
        {
            [App] =
            [
                "Storage Blob Data Owner on the host's storage",
                "Storage Queue Data Contributor on the host's storage",
                "Storage Table Data Contributor on the host's storage",
                "Storage Blob Data Contributor on the data's storage",
                "Storage Queue Data Contributor on the data's storage",
                "Storage Table Data Contributor on the data's storage",
                "Monitoring Metrics Publisher on Application Insights",
                "worker scaler on scale sets",
                "worker scaler on the workers' subnet",
                "worker scaler on the workers' security group",
                "worker scaler on the workers' identity",
            ],
            [Worker] =
            [
                "Storage Blob Data Reader on container batch",
                "Storage Blob Data Reader on container drop",
                "Storage Blob Data Contributor on container datasets",
                "Storage Blob Data Contributor on container jobs",
                "Storage Blob Data Contributor on container quarantine",
                "Storage Blob Data Contributor on container runs",
                "Storage Blob Data Contributor on container scored",
                "Storage Blob Data Contributor on container workers",
                "Storage Queue Data Contributor on queue jobs-cpu",
                "Storage Queue Data Contributor on queue jobs-gpu",
                "Storage Queue Data Message Sender on queue job-events",
                "Storage Blob Data Reader on container packages",
                "Monitoring Metrics Publisher on Application Insights",
            ],
            [Topic] =
            [
                "Storage Queue Data Message Sender on queue drop-events",
                "Storage Blob Data Contributor on container undelivered-events",
            ],
        };

    /// <summary>The app's beside them, with streaming.</summary>
    public static IReadOnlyList<string> Streaming { get; } =
    ["Azure Event Hubs Data Receiver on Event Hubs", "Azure Event Hubs Data Sender on Event Hubs"];
}
