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
    }

    [Fact]
    public void AppSettings_MissingEmptyAndWithAKey_AreFound()
    {
        using var folder = new TestFolder();
        var names = AppSettings.OfTemplate();
        var whole = folder.Write("whole.json", Json(names.Select(name => (name, "x"))));
        var broken = folder.Write(
            "broken.json",
            Json(names.Skip(1).Select(name => (name, name == names[1] ? "" : "x")).Append(("Old", "AccountName=a;AccountKey=c2VjcmV0")))
        );

        var findings = AppSettings.Run(broken);

        Assert.Equal(Verdict.Ok, Assert.Single(AppSettings.Run(whole)).Verdict);
        Assert.Contains(findings, finding => finding.Found == $"missing: {names[0]}");
        Assert.Contains(findings, finding => finding.Found == $"empty: {names[1]}");
        var key = Assert.Single(findings, finding => finding.Found.Contains("Old", StringComparison.Ordinal));
        Assert.DoesNotContain("c2VjcmV0", key.Found, StringComparison.Ordinal);
        Assert.Throws<StackException>(() => AppSettings.Run(folder.Write("other.json", "{}")));
    }

    private static string Json(IEnumerable<(string Name, string Value)> settings) =>
        $"[{string.Join(',', settings.Select(setting => $$"""{"name":"{{setting.Name}}","slotSetting":false,"value":"{{setting.Value}}"}"""))}]";
}
