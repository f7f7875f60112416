using Microsoft.Extensions.Configuration;
using Serverless.Cli.Doctor;
using Serverless.Cli.Stack;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Doctor;

public sealed class SettingTests
{
    [Theory]
    [InlineData("""{"Values":{"AzureWebJobsStorage":"UseDevelopmentStorage=true"}}""", "missing in")]
    [InlineData("""{"Values":{"Storage":"DefaultEndpointsProtocol"}}""", "not readable in")]
    [InlineData(
        """{"Values":{"Storage__blobServiceUri":"https://a.blob.core.windows.net"}}""",
        "Storage__queueServiceUri, Storage__tableServiceUri missing"
    )]
    [InlineData("""{"Values":""", "cannot be read")]
    public void Settings_BrokenFile_SaysWhat(string json, string said)
    {
        using var folder = new TestFolder();
        folder.Write("local.settings.json", json);

        var target = StorageTarget.Settings(folder.Path, new ConfigurationBuilder().Build());

        Assert.Null(target.Clients);
        Assert.Equal(Verdict.Error, target.Finding.Verdict);
        Assert.Contains(said, target.Finding.Found, StringComparison.Ordinal);
        Assert.Contains("local.settings.json", target.Finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_EnvironmentAndFile_TheEnvironmentCounts()
    {
        using var folder = new TestFolder();
        folder.Write("local.settings.json", """{"Values":{"Storage":"UseDevelopmentStorage=true"}}""");
        var environment = new ConfigurationBuilder()
            .AddInMemoryCollection([
                new("Storage:blobServiceUri", "https://a.blob.core.windows.net"),
                new("Storage:queueServiceUri", "https://a.queue.core.windows.net"),
                new("Storage:tableServiceUri", "https://a.table.core.windows.net"),
            ])
            .Build();

        var target = StorageTarget.Settings(folder.Path, environment);

        Assert.Equal("a.blob.core.windows.net", target.Clients!.Blobs.Uri.Host);
        Assert.Equal(10000, StorageTarget.Settings(folder.Path, new ConfigurationBuilder().Build()).Clients!.Blobs.Uri.Port);
    }

    [Fact]
    public void Account_Name_IsTheThreeServices()
    {
        var target = StorageTarget.Account("stmine");

        Assert.Equal("https://stmine.queue.core.windows.net/", target.Clients!.Queues.Uri.ToString());
        Assert.Equal(Verdict.Ok, target.Finding.Verdict);
    }

    [Fact]
    public void AppSettings_OfTemplate_AreCodesAndPlatforms()
    {
        var names = AppSettings.OfTemplate();

        Assert.Contains("Storage__blobServiceUri", names);
        Assert.Contains("LocalBytes", names);
        Assert.Contains("AzureWebJobsStorage__credential", names);
        Assert.DoesNotContain(names, name => name.StartsWith("EventHubConnection", StringComparison.Ordinal));
        Assert.Equal(
            ["EventHubConnection__fullyQualifiedNamespace", "EventHubConnection__credential", "EventHubConnection__clientId"],
            AppSettings.OfStreamingTemplate()
        );
    }

    [Fact]
    public void AppSettings_MissingEmptyAndWithAKey_AreFound()
    {
        using var folder = new TestFolder();
        var names = AppSettings.OfTemplate();
        var whole = folder.Write("whole.json", Json(names.Select(name => (name, "x")).Append(Off)));
        var broken = folder.Write(
            "broken.json",
            Json(names.Skip(1).Select(name => (name, name == names[1] ? "" : "x")).Append(("Old", "AccountName=a;AccountKey=c2VjcmV0")))
        );

        var findings = AppSettings.Open(broken).Run();

        Assert.Equal(Verdict.Ok, Assert.Single(AppSettings.Open(whole).Run()).Verdict);
        Assert.Contains(findings, finding => finding.Found == $"missing: {names[0]}");
        Assert.Contains(findings, finding => finding.Found == $"empty: {names[1]}");
        var key = Assert.Single(findings, finding => finding.Found.Contains("Old", StringComparison.Ordinal));
        Assert.DoesNotContain("c2VjcmV0", key.Found, StringComparison.Ordinal);
        Assert.Throws<StackException>(() => AppSettings.Open(folder.Write("other.json", "{}")));
    }

    [Fact]
    public void AppSettings_Streaming_IsWholeOrSwitchedOff()
    {
        using var folder = new TestFolder();
        var names = AppSettings.OfTemplate().Select(name => (name, "x")).ToList();
        var hubs = AppSettings.OfStreamingTemplate().Select(name => (name, "evhns-a.servicebus.windows.net")).ToList();
        var on = AppSettings.Open(folder.Write("on.json", Json([.. names, .. hubs])));
        var half = AppSettings.Open(folder.Write("half.json", Json([.. names, hubs[0], Off])));
        var neither = AppSettings.Open(folder.Write("neither.json", Json(names)));
        var key = AppSettings.Open(
            folder.Write("key.json", Json([.. names, .. hubs, ("EventHubConnection", "Endpoint=sb://a;SharedAccessKey=c2VjcmV0")]))
        );

        Assert.Equal((true, "evhns-a.servicebus.windows.net"), (on.Streaming, on.HubsHost));
        Assert.Equal(Verdict.Ok, Assert.Single(on.Run()).Verdict);
        Assert.Equal(
            [
                "streaming lacks EventHubConnection__credential, EventHubConnection__clientId",
                "AzureWebJobs.OnTelemetry.Disabled is true beside EventHubConnection: no event is read",
            ],
            half.Run().Select(finding => finding.Found)
        );
        Assert.False(neither.Streaming);
        Assert.Contains(
            "neither EventHubConnection__fullyQualifiedNamespace",
            Assert.Single(neither.Run()).Found,
            StringComparison.Ordinal
        );
        Assert.Equal("EventHubConnection has a key in it", Assert.Single(key.Run()).Found);
    }

    private static (string Name, string Value) Off => ("AzureWebJobs.OnTelemetry.Disabled", "true");

    private static string Json(IEnumerable<(string Name, string Value)> settings) =>
        $"[{string.Join(',', settings.Select(setting => $$"""{"name":"{{setting.Name}}","slotSetting":false,"value":"{{setting.Value}}"}"""))}]";
}
