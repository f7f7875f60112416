using System.Text;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers.Torch.Native;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Trainers.Torch;

public sealed class TorchNativeTests
{
    private const string Version = "GLIBCXX_3.4.32";
    private const string Marker = "_ZSt21ios_base_library_initv";

    [Fact]
    public void Weaken_RealBinding_ChangesOneByteOnce()
    {
        var image = Binding();
        var weak = image.ToArray();

        Assert.True(ElfRequirement.Weaken(weak, Version, Marker));
        Assert.Equal(1, image.Zip(weak).Count(pair => pair.First != pair.Second));
        var again = weak.ToArray();
        Assert.True(ElfRequirement.Weaken(again, Version, Marker));
        Assert.Equal(weak, again);
    }

    [Fact]
    public void Weaken_VersionThatOthersNeed_Refuses()
    {
        var refused = Assert.Throws<InvalidDataException>(() => ElfRequirement.Weaken(Binding(), "GLIBCXX_3.4", Marker));

        Assert.Contains("needs the version too", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weaken_VersionThatNobodyNeeds_ChangesNothing()
    {
        var image = Binding();
        var same = image.ToArray();

        Assert.False(ElfRequirement.Weaken(same, "GLIBCXX_9.9.9", Marker));
        Assert.Equal(image, same);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(64)]
    [InlineData(1_000_000)]
    public void Weaken_CutFile_SaysSo(int length) =>
        Assert.Throws<InvalidDataException>(() => ElfRequirement.Weaken(Binding().AsSpan(0, length), Version, Marker));

    [Fact]
    public void Weaken_NoElfFile_SaysSo() =>
        Assert.Throws<InvalidDataException>(() => ElfRequirement.Weaken(Encoding.UTF8.GetBytes(new string('x', 200)), Version, Marker));

    [Fact]
    public void Locate_NoFile_SaysWhereAndWhatToDo()
    {
        using var folder = new TestFolder();

        var failed = Assert.Throws<JobFailedException>(() => TorchLibrary.Locate(new TorchFiles([folder.Path]), TorchFiles.Torch));

        Assert.Contains("libtorch.so", failed.Message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, failed.Message, StringComparison.Ordinal);
        Assert.Contains("publish", failed.Message, StringComparison.Ordinal);
        Assert.False(failed.UserError);
    }

    [Fact]
    public void Device_BuiltForCudaAndNoDriver_SaysWhatToInstall()
    {
        using var folder = new TestFolder();
        folder.Write(TorchFiles.Cuda, "as a worker for CUDA has it");

        var failed = Assert.Throws<JobFailedException>(() => TorchLibrary.Device(new TorchFiles([folder.Path]), () => false));

        Assert.Contains("finds no NVIDIA GPU with a driver", failed.Message, StringComparison.Ordinal);
        Assert.Contains("nvidia-smi", failed.Message, StringComparison.Ordinal);
        Assert.False(failed.UserError);
    }

    [Fact]
    public void DeterministicConvolutions_Set_IsWhatLibtorchSays()
    {
        TorchLibrary.Require();
        try
        {
            TorchContext.DeterministicConvolutions = true;
            Assert.True(TorchContext.DeterministicConvolutions);
        }
        finally
        {
            TorchContext.DeterministicConvolutions = false;
        }

        Assert.False(TorchContext.DeterministicConvolutions);
    }

    [Fact]
    public void LoadFile_BrokenFile_SaysWhich()
    {
        using var folder = new TestFolder();
        var path = folder.Write("libtorch.so", "no library");

        var failed = Assert.Throws<JobFailedException>(() => TorchLibrary.LoadFile(path));

        Assert.StartsWith($"{path} does not load", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_CopiesNoLibtorch() =>
        Assert.Empty(Directory.GetFiles(AppContext.BaseDirectory, "libtorch*", SearchOption.AllDirectories));

    private static byte[] Binding()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Torch runs on Linux alone.");
        return File.ReadAllBytes(TorchFiles.OfWorker().Find(TorchFiles.Binding)!);
    }
}
