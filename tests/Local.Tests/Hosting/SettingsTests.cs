using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Serverless.Local.Hosting;
using Serverless.Testing;

namespace Serverless.Local.Tests.Hosting;

public sealed class SettingsTests
{
    [Fact]
    public async Task Start_PortZero_WritesWhereItListensAndTakesItBackAtTheEnd()
    {
        using var folder = new TestFolder();
        var file = Path.Combine(folder.Path, ".serverless", "app.json");
        await using (var app = await TestApp.StartAsync(TestApp.Builder(folder.Path, typeof(HttpKeyTests.Levels)).Build(), folder.Path))
        {
            using var written = JsonDocument.Parse(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
            Assert.Equal(app.Url, written.RootElement.GetProperty("url").GetString());
            Assert.Equal(Environment.ProcessId, written.RootElement.GetProperty("pid").GetInt32());
        }
        Assert.False(File.Exists(file));
    }

    [Fact]
    public void Build_LocalSettings_AreConfigurationBelowTheEnvironment()
    {
        using var folder = new TestFolder();
        folder.Write("local.settings.json", """{ "Values": { "A__B": "1", "DOTNET_ROOT_TEST": "settings", "Number": 5 } /* kept */ }""");
        var builder = TestApp.Builder(folder.Path);
        Assert.Equal("1", builder.Configuration["A:B"]);
        Assert.Equal("5", builder.Configuration["Number"]);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["A:B"] = "2" });
        Assert.Equal("2", builder.Configuration["A:B"]);
    }

    [Fact]
    public void Read_HostJson_IsOverriddenByAppSettings()
    {
        using var folder = new TestFolder();
        var path = folder.Write(
            "host.json",
            """{ "functionTimeout": "-1", "extensions": { "queues": { "batchSize": 8, "maxPollingInterval": "00:00:02" } } }"""
        );
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["AzureFunctionsJobHost:extensions:queues:batchSize"] = "4" })
            .Build();
        var host = HostSettings.Read(path, configuration);
        Assert.Equal(4, host.Queues.BatchSize);
        Assert.Equal(2, host.Queues.NewBatchThreshold);
        Assert.Equal("api", host.RoutePrefix);
        Assert.Null(host.FunctionTimeout);
    }

    [Theory]
    [InlineData("extensions:queues:messageEncoding", "none", "QueueClientOptions.MessageEncoding = Base64")]
    [InlineData("extensions:http:maxConcurrentRequests", "0", "-1 for no limit")]
    [InlineData("extensions:http:maxOutstandingRequests", "many", "a whole number")]
    public void Read_HostJson_WrongValue_IsRefusedByName(string key, string value, string cure)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["AzureFunctionsJobHost:" + key] = value })
            .Build();
        var refused = Assert.Throws<InvalidOperationException>(() => HostSettings.Read(null, configuration)).Message;
        Assert.Contains($"{key.Replace(':', '.')} is '{value}'", refused, StringComparison.Ordinal);
        Assert.Contains(cure, refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new string[0], null, null, 7071)]
    [InlineData(new string[0], null, 7080, 7080)]
    [InlineData(new string[0], "7090", 7080, 7090)]
    [InlineData(new[] { "--port", "0" }, "7090", 7080, 0)]
    [InlineData(new[] { "--port=81" }, null, null, 81)]
    public void Choose_Port_ArgumentThenEnvironmentThenSettings(string[] arguments, string? environment, int? settings, int expected) =>
        Assert.Equal(expected, HttpPort.Choose(arguments, environment, settings));

    [Fact]
    public void Require_Connection_IsFoundWhereThePlatformLooks()
    {
        var connections = new StorageConnections(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    new Dictionary<string, string?>
                    {
                        ["AzureWebJobsStorage"] = "host",
                        ["Plain"] = "plain",
                        ["ConnectionStrings:Named"] = "named",
                        ["AzureWebJobsPrefixed"] = "prefixed",
                        ["Identity:queueServiceUri"] = "https://x",
                    }
                )
                .Build()
        );
        Assert.Equal(
            ["host", "plain", "named", "prefixed", "host"],
            new[] { null, "Plain", "Named", "Prefixed", "Storage" }.Select(name => connections.Require(name, "test"))
        );
        Assert.Contains(
            "identity-based",
            Assert.Throws<InvalidOperationException>(() => connections.Require("Identity", "test")).Message,
            StringComparison.Ordinal
        );
    }
}
