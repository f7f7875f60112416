using System.Reflection;

namespace Serverless.GpuWorker.Trainers.Torch.Native;

/// <summary>
/// Where the native files lie: beside the worker once it is published, in the package cache of the machine that built it before. They weigh
/// half a gigabyte, so that no build copies them.
/// </summary>
internal sealed class TorchFiles(IReadOnlyList<string> folders)
{
    public const string Torch = "libtorch.so";
    public const string Cuda = "libtorch_cuda.so";
    public const string Binding = "libLibTorchSharp.so";

    public IReadOnlyList<string> Folders => folders;

    /// <summary>Of this worker.</summary>
    public static TorchFiles OfWorker()
    {
        var beside = AppContext.BaseDirectory;
        var built = typeof(TorchFiles)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Where(attribute => attribute.Key == "TorchNativeFolder" && !string.IsNullOrEmpty(attribute.Value))
            .Select(attribute => attribute.Value!);
        return new TorchFiles([beside, Path.Combine(beside, "runtimes", "linux-x64", "native"), .. built]);
    }

    /// <returns>The file's path in the first folder that has it, or null.</returns>
    public string? Find(string name) => folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
