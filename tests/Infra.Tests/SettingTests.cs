using System.Text.Json;
using System.Text.RegularExpressions;
using Serverless.Infra.Tests.Rules;
using Serverless.Pipeline;
using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Jobs;
using Serverless.Testing;

namespace Serverless.Infra.Tests;

public sealed class SettingTests
{
    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    [InlineData("full")]
    public async Task Settings_App_AreThoseTheCodeReads(string environment) =>
        Assert.Empty(SettingRules.Findings(await Templates.SnapshotAsync(environment), SettingsInSource.OfApp()));

    [Fact]
    public void Source_KnownSettings_AreFound()
    {
        Assert.Superset(
            new HashSet<string>
            {
                "Storage__blobServiceUri",
                "Storage__clientId",
                "Storage__queueServiceUri",
                "Storage__tableServiceUri",
                "Serving__MaxRows",
                nameof(PipelineOptions.LocalBytes),
            },
            SettingsInSource.OfApp().ToHashSet()
        );
        Assert.Contains("WORKER_QUEUES", SettingsInSource.OfWorker());
    }

    [Fact]
    public void Settings_Worker_AreThoseTheCodeReads()
    {
        var set = Regex
            .Matches(
                File.ReadAllText(RepositoryRoot.File("infra", "app", "worker-cloud-init.yaml")),
                @"^\s+(\w+)=@\w+@$",
                RegexOptions.Multiline,
                TimeSpan.FromSeconds(5)
            )
            .Select(match => match.Groups[1].Value);

        Assert.Equal(SettingsInSource.OfWorker().Order(StringComparer.Ordinal), set.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Settings_LikeThoseOfTheTemplate_AreAccepted()
    {
        var settings = (await Templates.SnapshotAsync("dev"))
            .Of("Microsoft.Web/sites/config")
            .Single()
            .Properties.EnumerateObject()
            .ToDictionary(setting => setting.Name, setting => setting.Value.GetString());

        Assert.InRange(long.Parse(settings["LocalBytes"]!), 0, 2L << 30);
        Assert.InRange(int.Parse(settings["TrainThreads"]!), 1, 1024);
        Assert.InRange(int.Parse(settings["InstanceMemoryMb"]!), 512, 65_536);
        foreach (
            var time in (string[])
                [
                    "Serving__Poll",
                    "Serving__LoadWait",
                    "Serving__BrokenRetry",
                    "Streaming__ModelWait",
                    "Streaming__DeadLetterWait",
                    "Streaming__ScoreWait",
                ]
        )
        {
            Assert.True(TimeSpan.Parse(settings[time]!) > TimeSpan.Zero);
        }
    }

    [Fact]
    public async Task Settings_Offers_AreTheScaleSetsWithSpotFirst()
    {
        var snapshot = await Templates.SnapshotAsync("dev");

        var offers = Offer.Parse(snapshot.Of("Microsoft.Web/sites/config").Single().Text("Capacity__Offers"));

        Assert.Equal(
            ["cpu-spot", "gpu-spot", "cpu-demand", "gpu-demand"],
            offers.Select(offer => offer.ScaleSet.Split("vmss-sml-dev-")[1])
        );
        Assert.Equal([true, true, false, false], offers.Select(offer => offer.Spot));
        Assert.Equal(
            snapshot.Of("Microsoft.Compute/virtualMachineScaleSets").Select(set => set.Id).Order(StringComparer.OrdinalIgnoreCase),
            offers.Select(offer => offer.ScaleSet).Order(StringComparer.OrdinalIgnoreCase),
            StringComparer.OrdinalIgnoreCase
        );
        Assert.All(offers, offer => Assert.Equal(JobQueue.Of(offer.Size), offer.Queue));
    }

    [Theory]
    [InlineData("dev", "true")]
    [InlineData("full", null)]
    public async Task Settings_WithoutStreaming_DisableItsFunction(string environment, string? disabled)
    {
        var settings = (await Templates.SnapshotAsync(environment)).Of("Microsoft.Web/sites/config").Single().Properties;

        Assert.Equal(disabled, settings.TryGetProperty("AzureWebJobs.OnTelemetry.Disabled", out var set) ? set.GetString() : null);
        Assert.NotEqual(disabled is null, !settings.TryGetProperty("EventHubConnection__fullyQualifiedNamespace", out _));
    }

    [Fact]
    public async Task Settings_HostInAzure_PollsIdleQueuesEveryTenSeconds()
    {
        var settings = (await Templates.SnapshotAsync("dev")).Of("Microsoft.Web/sites/config").Single();

        Assert.Equal("00:00:10", settings.Text("AzureFunctionsJobHost__extensions__durableTask__storageProvider__maxQueuePollingInterval"));
        using var host = JsonDocument.Parse(File.ReadAllText(RepositoryRoot.File("functions", "host.json")));
        Assert.True(host.RootElement.GetProperty("extensions").TryGetProperty("durableTask", out _));
    }

    [Fact]
    public async Task Rules_TemplateWithWrongSettings_AreBroken()
    {
        var findings = SettingRules.Findings(await Templates.SnapshotAsync("bad/roles-and-settings"), SettingsInSource.OfApp());

        Assert.Contains(findings, finding => finding.StartsWith("'LocalByte' is set", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.StartsWith("'LocalBytes' is read", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.StartsWith("'Storage__clientId' is read", StringComparison.Ordinal));
    }
}
