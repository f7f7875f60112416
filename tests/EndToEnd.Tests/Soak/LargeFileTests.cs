using System.Globalization;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Storage;
using Serverless.Samples.MachineFailure;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Soak;

/// <summary>A file that is larger than a Functions instance's temporary disk; runs where SOAK=1 is set (it takes minutes).</summary>
[Trait("Category", "Soak")]
public sealed class LargeFileTests
{
    private const long FileBytes = 1L << 30;
    private const long MemoryBytes = 2L << 30;
    private const long DiskBytes = 800L << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OneGigabyte_WithTheAppHeldToAnInstancesLimits_BecomesAModel()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("SOAK") == "1", "Takes minutes; set SOAK=1 to run it.");
        using var folder = new TestFolder();
        var temp = Directory.CreateDirectory(folder.File("app-temp")).FullName;
        await using var stack = await TestStack.StartAsync(
            new Dictionary<string, string?>
            {
                ["TMPDIR"] = temp,
                ["DOTNET_GCHeapHardLimit"] = MemoryBytes.ToString("x", CultureInfo.InvariantCulture),
            }
        );
        var name = await stack.PutAsync(
            """
            name: large
            data:
              target: Machine failure
              task: binary
              ignore: [UDI, Product ID, TWF, HDF, PWF, OSF, RNF]
            training:
              trainers:
                - lightgbm: { rounds: 5, leaves: 15 }
            """
        );
        var file = folder.File("large.csv");
        var rows = Write(file);
        using var watched = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var disk = WatchDiskAsync(temp, watched.Token);

        await stack.Storage.Container(Containers.Drop).GetBlobClient($"{name}/large.csv").UploadAsync(file, Token);
        var run = await stack.SucceedsAsync((await stack.OnlyRunAsync(name)).RunId, TimeSpan.FromMinutes(30));

        var memory = PeakMemory(stack.Local.App.ProcessId);
        await watched.CancelAsync();
        var used = await disk;
        TestContext.Current.SendDiagnosticMessage(
            $"{rows:N0} rows; the app's peak: {memory >> 20} MB of memory, {used >> 20} MB of temporary disk"
        );
        Assert.Equal(rows, run.Rows);
        Assert.Equal(1, stack.Local.App.Starts);
        Assert.True(memory < MemoryBytes, $"{memory} bytes of memory");
        Assert.True(used < DiskBytes, $"{used} bytes of temporary disk");
        await stack.PredictAsync(
            name,
            1,
            """[{"Type":"L","Air temperature [K]":300,"Process temperature [K]":310,"Rotational speed [rpm]":1400,"Torque [Nm]":48,"Tool wear [min]":10}]"""
        );
    }

    /// <summary>Blocks of generated rows until the file is large enough; gives their number.</summary>
    private static long Write(string file)
    {
        const int Block = 1_000_000;
        long rows = 0;
        using var stream = File.Create(file, 1 << 20);
        using var writer = new StreamWriter(stream);
        for (var seed = 1; stream.Position < FileBytes; seed++)
        {
            using var text = new StringWriter();
            new MachineFailureGenerator(seed).WriteCsv(text, Block);
            var block = text.GetStringBuilder();
            if (seed > 1)
            {
                block.Remove(0, MachineFailureGenerator.Header.Length + 1);
            }

            foreach (var part in block.GetChunks())
            {
                writer.Write(part.Span);
            }

            writer.Flush();
            rows += Block;
        }

        return rows;
    }

    private static async Task<long> WatchDiskAsync(string folder, CancellationToken cancellationToken)
    {
        long most = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            most = Math.Max(most, Size(folder));
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return most;
    }

    private static long Size(string folder)
    {
        long sum = 0;
        foreach (
            var file in new DirectoryInfo(folder).EnumerateFiles(
                "*",
                new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }
            )
        )
        {
            try
            {
                sum += file.Length;
            }
            catch (FileNotFoundException)
            {
                // Gone between the listing and the look.
            }
        }

        return sum;
    }

    /// <summary>The kernel's own high-water mark of a process's resident memory.</summary>
    private static long PeakMemory(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10;
    }
}
