using System.Text.Json;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Infra.Tests;

public sealed class StorageTests
{
    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task Containers_OfTheData_AreThoseOfTheCode(string environment) =>
        Assert.Equal(
            Containers.All.Order(StringComparer.Ordinal),
            await NamesAsync(environment, "Microsoft.Storage/storageAccounts/blobServices/containers")
        );

    [Fact]
    public async Task Queues_OfTheData_AreThoseOfTheCode() =>
        Assert.Equal(
            Queues.All.Order(StringComparer.Ordinal),
            await NamesAsync("dev", "Microsoft.Storage/storageAccounts/queueServices/queues")
        );

    [Fact]
    public async Task Tables_OfTheData_AreThoseOfTheCode() =>
        Assert.Equal(
            Tables.All.Order(StringComparer.Ordinal),
            await NamesAsync("dev", "Microsoft.Storage/storageAccounts/tableServices/tables")
        );

    [Fact]
    public async Task Lifecycle_EveryContainer_HasARuleThatEndsOldVersions()
    {
        var snapshot = await Templates.SnapshotAsync("dev");
        foreach (var container in snapshot.Of("Microsoft.Storage/storageAccounts/blobServices/containers"))
        {
            var account = container.Name.Split('/')[0];
            var rules = snapshot
                .Of("Microsoft.Storage/storageAccounts/managementPolicies")
                .Single(policy => policy.Name.StartsWith(account, StringComparison.Ordinal))
                .At("policy", "rules");
            var rule = Assert.Single(rules.EnumerateArray(), rule => rule.GetProperty("name").GetString() == container.ShortName);
            var definition = rule.GetProperty("definition");
            Assert.Equal($"{container.ShortName}/", definition.GetProperty("filters").GetProperty("prefixMatch")[0].GetString());
            Assert.True(
                definition
                    .GetProperty("actions")
                    .GetProperty("version")
                    .GetProperty("delete")
                    .GetProperty("daysAfterCreationGreaterThan")
                    .GetInt32() > 0
            );
        }
    }

    /// <summary>Logs and metrics of a job are append blobs, which the rules of block blobs pass by.</summary>
    [Fact]
    public async Task Lifecycle_JobsAppendBlobs_AreDeletedWithTheOthers()
    {
        var definition = (await RulesAsync("dev", Containers.Jobs)).Single();

        Assert.Equal(["appendBlob", "blockBlob"], Types(definition));
        Assert.Equal(
            30,
            definition
                .GetProperty("actions")
                .GetProperty("baseBlob")
                .GetProperty("delete")
                .GetProperty("daysAfterModificationGreaterThan")
                .GetInt32()
        );
    }

    /// <summary>Azure refuses a policy that moves append blobs to another tier.</summary>
    [Fact]
    public async Task Lifecycle_RulesThatCool_TakeBlockBlobsAlone()
    {
        var definitions = await RulesAsync("dev");
        var cooling = definitions.Where(definition => definition.GetRawText().Contains("tierTo", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(cooling);
        Assert.All(cooling, definition => Assert.Equal(["blockBlob"], Types(definition)));
        Assert.All(definitions.Except(cooling), definition => Assert.Equal(["appendBlob", "blockBlob"], Types(definition)));
    }

    /// <summary>Every write to a blob leaves a version behind, and the host writes leases, timers and checkpoints all the time.</summary>
    [Fact]
    public async Task Lifecycle_WhatTheHostMakesItself_KeepsNoOldVersions()
    {
        var hub = JsonDocument
            .Parse(File.ReadAllText(RepositoryRoot.File("functions", "host.json")))
            .RootElement.GetProperty("extensions")
            .GetProperty("durableTask")
            .GetProperty("hubName")
            .GetString()!
            .ToLowerInvariant();
        foreach (
            var name in (string[])
                ["azure-webjobs-hosts", "azure-webjobs-eventhub", $"{hub}-leases", $"{hub}-applease", $"{hub}-largemessages"]
        )
        {
            var actions = Assert.Single(await RulesAsync("dev", name)).GetProperty("actions");

            Assert.Equal(1, actions.GetProperty("version").GetProperty("delete").GetProperty("daysAfterCreationGreaterThan").GetInt32());
            Assert.False(actions.TryGetProperty("baseBlob", out _), name);
        }
    }

    [Fact]
    public async Task Lifecycle_ModelsAndDefinitions_AreNeverDeleted()
    {
        foreach (var name in (string[])[Containers.Models, Containers.Pipelines, Containers.Datasets, Containers.Drop])
        {
            var rules = await RulesAsync("dev", name);

            Assert.NotEmpty(rules);
            Assert.DoesNotContain(
                rules,
                rule => rule.GetProperty("actions").TryGetProperty("baseBlob", out var current) && current.TryGetProperty("delete", out _)
            );
        }
    }

    [Fact]
    public async Task Blobs_BothAccounts_KeepVersionsAndDeletedOnes()
    {
        foreach (var blobs in (await Templates.SnapshotAsync("dev")).Of("Microsoft.Storage/storageAccounts/blobServices"))
        {
            Assert.True(blobs.At("isVersioningEnabled").GetBoolean());
            Assert.True(blobs.At("deleteRetentionPolicy", "enabled").GetBoolean());
            Assert.True(blobs.At("containerDeleteRetentionPolicy", "enabled").GetBoolean());
        }
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task Events_WatchedContainers_ReachTheQueueByTheTopicsIdentity(string environment)
    {
        var snapshot = await Templates.SnapshotAsync(environment);
        var subscriptions = snapshot.Of("Microsoft.EventGrid/systemTopics/eventSubscriptions").ToList();

        Assert.Equal(
            "SystemAssigned",
            snapshot.Single("Microsoft.EventGrid/systemTopics").Json.GetProperty("identity").GetProperty("type").GetString()
        );
        Assert.Equal(
            ["batch", Containers.Drop],
            subscriptions.Select(subscription => subscription.ShortName).Order(StringComparer.Ordinal)
        );
        foreach (var subscription in subscriptions)
        {
            // What functions/Drops/DropEvent.cs takes apart again.
            Assert.Equal(
                $"/blobServices/default/containers/{subscription.ShortName}/blobs/",
                subscription.Text("filter", "subjectBeginsWith")
            );
            Assert.Equal(
                """["Microsoft.Storage.BlobCreated"]""",
                subscription
                    .At("filter", "includedEventTypes")
                    .GetRawText()
                    .ReplaceLineEndings("")
                    .Replace(" ", "", StringComparison.Ordinal)
            );
            Assert.Equal("EventGridSchema", subscription.Text("eventDeliverySchema"));
            Assert.Equal("SystemAssigned", subscription.Text("deliveryWithResourceIdentity", "identity", "type"));
            Assert.Equal(Queues.DropEvents, subscription.Text("deliveryWithResourceIdentity", "destination", "properties", "queueName"));
        }
    }

    /// <summary>Definitions of the lifecycle's rules, of all containers or of one.</summary>
    private static async Task<IReadOnlyList<JsonElement>> RulesAsync(string environment, string? container = null) =>
        [
            .. from policy in (await Templates.SnapshotAsync(environment)).Of("Microsoft.Storage/storageAccounts/managementPolicies")
            from rule in policy.At("policy", "rules").EnumerateArray()
            let definition = rule.GetProperty("definition")
            where
                container is null
                || definition
                    .GetProperty("filters")
                    .GetProperty("prefixMatch")
                    .EnumerateArray()
                    .Any(prefix => prefix.GetString() == $"{container}/")
            select definition,
        ];

    private static IEnumerable<string?> Types(JsonElement definition) =>
        definition
            .GetProperty("filters")
            .GetProperty("blobTypes")
            .EnumerateArray()
            .Select(type => type.GetString())
            .Order(StringComparer.Ordinal);

    /// <summary>Names in the data's account: <c>st{name}{environment}d…</c>.</summary>
    private static async Task<IEnumerable<string>> NamesAsync(string environment, string type) =>
        (await Templates.SnapshotAsync(environment))
            .Of(type)
            .Where(resource => resource.Name.StartsWith($"stsml{environment}d", StringComparison.Ordinal))
            .Select(resource => resource.ShortName)
            .Order(StringComparer.Ordinal);
}
