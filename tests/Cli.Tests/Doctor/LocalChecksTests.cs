using System.Net;
using System.Net.Sockets;
using Serverless.Cli.Doctor;
using Serverless.Cli.Stack;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Doctor;

public sealed class LocalChecksTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tools_OfThisMachine_AreThoseTheTestsRunWith()
    {
        // Azurite as the tests use it is installed from the lock file.
        await NodePackages.AzuriteScriptAsync(report: null, Token);

        var findings = await new LocalTools(RepositoryRoot.Path).RunAsync(Token);

        Assert.All(findings, finding => Assert.True(finding.Verdict == Verdict.Ok, $"{finding.Check}: {finding.Found}"));
        Assert.Equal([".NET SDK", "Node.js", "npm", "Azurite"], findings.Select(finding => finding.Check));
    }

    [Fact]
    public async Task Tools_MissingOrOld_SayWhatToInstall()
    {
        using var folder = new TestFolder();
        folder.Write("package-lock.json", """{"packages":{"node_modules/azurite":{"version":"3.35.0"}}}""");
        folder.Write("node_modules/azurite/package.json", """{"version":"3.0.0"}""");
        folder.Write("global.json", """{"sdk":{"version":"10.0.100"}}""");
        var tools = new LocalTools(folder.Path, (program, _, _) => Task.FromResult(program == "node" ? "v16.1.0" : null));

        var findings = await tools.RunAsync(Token);

        Assert.All(findings, finding => Assert.Equal(Verdict.Error, finding.Verdict));
        Assert.Contains("10.0.100", findings[0].Advice, StringComparison.Ordinal);
        Assert.Contains("v16.1.0; expected 18", findings[1].Found, StringComparison.Ordinal);
        Assert.Contains("3.0.0; expected 3.35.0", findings[3].Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Libraries_OfTheBuiltPrograms_CanBeLoaded()
    {
        var ours = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

        var findings = new NativeLibraries(ours.Parent!.Parent!.FullName, ours.Name).Run();

        Assert.Equal(4, findings.Count);
        Assert.All(findings, finding => Assert.True(IsFine(finding), $"{finding.Found} {finding.Advice}"));

        // Skipped where neural networks do not train.
        static bool IsFine(Finding finding) =>
            finding.Verdict == Verdict.Ok || (finding.Verdict == Verdict.Skipped && finding.Check == "library libtorch");
    }

    [Fact]
    public void Libraries_NotBuiltOrBroken_SayWhatToDo()
    {
        using var folder = new TestFolder();
        folder.Write("Serverless.GpuWorker/debug/lib_lightgbm.so", "no library");
        folder.Write("Serverless.GpuWorker/debug/lib_lightgbm.dll", "no library");
        folder.Write("Serverless.GpuWorker/debug/lib_lightgbm.dylib", "no library");

        var findings = new NativeLibraries(folder.Path, "debug").Run();

        Assert.Contains("dotnet build", findings[0].Advice, StringComparison.Ordinal);
        Assert.Contains("cannot be loaded", findings[2].Found, StringComparison.Ordinal);
        if (findings[3].Verdict != Verdict.Skipped)
        {
            Assert.Contains("Serverless.GpuWorker.dll is not there", findings[3].Found, StringComparison.Ordinal);
            folder.Write("Serverless.GpuWorker/debug/Serverless.GpuWorker.dll", "no program");
            Assert.Contains(
                "libtorch.so is in none of",
                new TorchLibrary(folder.File("Serverless.GpuWorker/debug")).Run().Found,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void Ports_Taken_AreNamed()
    {
        using var folder = new TestFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var findings = LocalPorts.Run(new StateFolder(folder.Path), port, storage: 1024);

        Assert.Equal(Verdict.Warning, findings[0].Verdict);
        Assert.Contains($"{port} taken", findings[0].Found, StringComparison.Ordinal);
    }
}
