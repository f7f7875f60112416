namespace Serverless.Infra.Tests.Rules;

/// <summary>Settings of the app: what the code reads is set, and what is set is read.</summary>
internal static class SettingRules
{
    /// <summary>Read by the host and its triggers, not by our code; each with who reads it.</summary>
    public static readonly IReadOnlyDictionary<string, string> Platform = new Dictionary<string, string>
    {
        ["AzureWebJobsStorage__blobServiceUri"] = "the host's storage",
        ["AzureWebJobsStorage__queueServiceUri"] = "the host's storage",
        ["AzureWebJobsStorage__tableServiceUri"] = "the host's storage",
        ["AzureWebJobsStorage__credential"] = "the host's storage",
        ["AzureWebJobsStorage__clientId"] = "the host's storage",
        ["Storage__credential"] = "the queue triggers' connection",
        ["EventHubConnection__fullyQualifiedNamespace"] = "the Event Hubs triggers' connection",
        ["EventHubConnection__credential"] = "the Event Hubs triggers' connection",
        ["EventHubConnection__clientId"] = "the Event Hubs triggers' connection",
        ["AzureWebJobs.OnTelemetry.Disabled"] = "the host: without Event Hubs there is nothing to read",
        ["APPLICATIONINSIGHTS_CONNECTION_STRING"] = "the host's telemetry, and ours",
        ["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"] = "the host's telemetry, and ours",
        ["AzureFunctionsJobHost__extensions__durableTask__storageProvider__maxQueuePollingInterval"] = "over host.json",
        ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "over host.json",
    };

    public static IReadOnlyList<string> Findings(Snapshot snapshot, IReadOnlySet<string> read)
    {
        var set = snapshot
            .Of("Microsoft.Web/sites/config")
            .Where(config => config.ShortName == "appsettings")
            .SelectMany(config => config.Properties.EnumerateObject())
            .Select(setting => setting.Name)
            .ToHashSet(StringComparer.Ordinal);
        return
        [
            .. from name in read.Except(set).Order(StringComparer.Ordinal)
            select $"'{name}' is read by the code and not set; add it to codeSettings in infra/app/function-app.bicep",
            .. from name in set.Except(read).Except(Platform.Keys).Order(StringComparer.Ordinal)
            select $"'{name}' is set and neither read by the code nor listed as read by the platform; remove or correct it",
        ];
    }
}
