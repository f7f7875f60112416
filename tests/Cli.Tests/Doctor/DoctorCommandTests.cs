using System.Text.Json;
using Serverless.Cli.Stack;
using Serverless.Cli.Tests.Commands;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Doctor;

/// <summary>The program over a real environment, whole and broken.</summary>
public sealed class DoctorCommandTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    [Fact]
    public async Task Doctor_WholeEnvironment_IsHealthyAndExits0()
    {
        using var folder = new TestFolder();

        var (code, output) = await CommandLine.RunAsync(folder, "doctor", "--storage", azurite.ConnectionString, "--json");

        Assert.True(code == 0, output);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.True(report.GetProperty("healthy").GetBoolean());
        Assert.Contains(
            report.GetProperty("findings").EnumerateArray(),
            finding => finding.GetProperty("check").GetString() == "queue jobs-cpu"
        );
    }

    [Fact]
    public async Task Doctor_BrokenEnvironment_SaysWhatToDoAndExits1()
    {
        using var folder = new TestFolder();
        var wrongKey = azurite.ConnectionString.Replace(
            AzuriteOptions.DevelopmentKey,
            Convert.ToBase64String(new byte[64]),
            StringComparison.Ordinal
        );

        var (code, output) = await CommandLine.RunAsync(folder, "doctor", "--storage", wrongKey, "--url", "http://127.0.0.1:1");

        Assert.Equal(1, code);
        Assert.Contains("error   storage, blobs", output, StringComparison.Ordinal);
        Assert.Contains("error   app, live: http://127.0.0.1:1/ does not answer", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_MissingSetting_Exits1()
    {
        using var folder = new TestFolder();
        folder.Write("local.settings.json", """{"Values":{"FUNCTIONS_WORKER_RUNTIME":"dotnet-isolated"}}""");

        var (code, output) = await CommandLine.RunAsync(folder, "doctor");

        Assert.Equal(1, code);
        Assert.Contains("error   setting Storage: missing in", output, StringComparison.Ordinal);
    }
}
