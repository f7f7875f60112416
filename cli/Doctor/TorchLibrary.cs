using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using Serverless.Cli.Stack;
using Serverless.Pipeline;

namespace Serverless.Cli.Doctor;

/// <summary>
/// libtorch, which trains neural networks: beside the worker once it is published, in the package cache of the machine that built it before. The
/// worker's program names that folder.
/// </summary>
/// <param name="built">The worker's folder.</param>
internal sealed class TorchLibrary(string built)
{
    private const string Check = "library libtorch";
    private const string FolderKey = "TorchNativeFolder";

    // The second is what the worker calls. It is not loaded here: on an older glibc the worker has a way of its own to do so.
    private static readonly string[] Files = ["libtorch.so", "libLibTorchSharp.so"];

    public Finding Run()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.OSArchitecture != Architecture.X64)
        {
            return Finding.Skipped(Check, $"neural networks train on Linux x64 alone; this is {RuntimeInformation.RuntimeIdentifier}");
        }

        var program = Path.Combine(built, Programs.Worker + ".dll");
        if (!File.Exists(program))
        {
            return Finding.Error(Check, $"{program} is not there", "Build it: 'dotnet build' in the clone.");
        }

        string[] folders = [built, Path.Combine(built, "runtimes", "linux-x64", "native"), .. NamedBy(program)];
        var found = Array.ConvertAll(Files, file => folders.Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists));
        if (Array.IndexOf(found, null) is >= 0 and var missing)
        {
            return Finding.Error(
                Check,
                $"{Files[missing]} is in none of {string.Join(", ", folders)}",
                "Build the worker on this machine: 'dotnet build' in the clone restores it into the package cache. LightGBM trains without it."
            );
        }

        try
        {
            // Not freed: a library of this size does not always come apart in peace, and this process ends soon.
            NativeLibrary.Load(found[0]!);
            return Finding.Ok(Check, found[0]!);
        }
        catch (Exception unusable) when (unusable is DllNotFoundException or BadImageFormatException)
        {
            return Finding.Error(
                Check,
                $"it cannot be loaded: {unusable.Message.FirstLine()}",
                "It needs glibc 2.34 and libstdc++ of GCC 11 or newer (Debian 12, Ubuntu 22.04). A damaged package is fetched anew when its folder is deleted and the clone built."
            );
        }
    }

    /// <summary>The folders that the worker's assembly names, without running it.</summary>
    private static List<string> NamedBy(string program)
    {
        var folders = new List<string>();
        try
        {
            using var file = new PEReader(File.OpenRead(program));
            var metadata = file.GetMetadataReader();
            foreach (var handle in metadata.GetAssemblyDefinition().GetCustomAttributes())
            {
                // Arguments of AssemblyMetadata are two texts behind a mark of two bytes; others that begin so are not taken for it.
                var value = metadata.GetBlobReader(metadata.GetCustomAttribute(handle).Value);
                if (
                    value.Length > 4
                    && value.ReadUInt16() == 1
                    && Text(ref value) == FolderKey
                    && Text(ref value) is { Length: > 0 } folder
                )
                {
                    folders.Add(folder);
                }
            }
        }
        catch (BadImageFormatException)
        {
            // No program at all; what is missing then is told.
        }

        return folders;
    }

    private static string? Text(ref BlobReader value)
    {
        try
        {
            return value.ReadSerializedString();
        }
        catch (BadImageFormatException)
        {
            // Another attribute, whose arguments are no texts.
            return null;
        }
    }
}
