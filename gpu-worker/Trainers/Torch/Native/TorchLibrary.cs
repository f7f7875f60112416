using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Serverless.GpuWorker.Jobs;
using TorchSharp;

namespace Serverless.GpuWorker.Trainers.Torch.Native;

/// <summary>
/// Loads libtorch when the first job needs it: until then the process is none the larger. Everything is loaded by its path before TorchSharp
/// looks for it, which else copies half a gigabyte when it finds nothing.
/// </summary>
internal static partial class TorchLibrary
{
    /// <summary>
    /// What TorchSharp's binding asks of libstdc++, and machines with a GCC before 13 do not have (Debian 12, Ubuntu 22.04). The only symbol
    /// behind it makes sure that streams are initialized, which every libstdc++ does by itself; nothing calls it.
    /// </summary>
    private const string NewerVersion = "GLIBCXX_3.4.32";

    private const string NewerSymbol = "_ZSt21ios_base_library_initv";

    private static readonly Lock Gate = new();

    /// <returns>The GPU where the worker was built for CUDA, else the CPU.</returns>
    /// <exception cref="JobFailedException">Something is missing; the message says what, and what to do.</exception>
    public static torch.Device Require()
    {
        lock (Gate)
        {
            Load(TorchFiles.OfWorker());
        }

        return Device(TorchFiles.OfWorker(), () => torch.TryInitializeDeviceType(DeviceType.CUDA));
    }

    private static void Load(TorchFiles files)
    {
        // Loaded libraries are found by their name alone.
        if (NativeLibrary.TryLoad(TorchFiles.Binding, out _))
        {
            return;
        }

        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new JobFailedException(
                $"Trainer 'torch' runs on Linux x64; this worker runs on {RuntimeInformation.RuntimeIdentifier}. Use trainer lightgbm, or a "
                    + "worker on Linux.",
                userError: false
            );
        }

        // libtorch brings an OpenMP of its own, which spins as any other.
        OpenMpWaiting.Sleep();
        // On a processor of 2024 (AMD, AVX-512) the convolutions of oneDNN in libtorch 2.10 gave NaN in most runs, with AVX2 alone in some, with
        // SSE 4.1 in none (docs/training.md).
        NativeEnvironment.SetDefault("ONEDNN_MAX_CPU_ISA", "SSE41");
        LoadFile(Locate(files, TorchFiles.Torch));
        if (files.Find(TorchFiles.Cuda) is { } cuda)
        {
            LoadFile(cuda);
        }

        LoadBinding(Locate(files, TorchFiles.Binding));
    }

    /// <param name="files">Of the worker.</param>
    /// <param name="initialize">Whether there is a GPU with a driver.</param>
    internal static torch.Device Device(TorchFiles files, Func<bool> initialize)
    {
        if (files.Find(TorchFiles.Cuda) is null)
        {
            return torch.CPU;
        }

        // The same job, the same model: cuBLAS else chooses by what is free at the moment.
        NativeEnvironment.SetDefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8");
        if (!initialize())
        {
            throw new JobFailedException(
                "This worker was built for CUDA and finds no NVIDIA GPU with a driver. Check 'nvidia-smi' on its machine: install the driver "
                    + "(Azure: extension NvidiaGpuDriverLinux) or take a machine size with a GPU; or build the worker without -p:Torch=cuda "
                    + "to train on the CPU.",
                userError: false
            );
        }

        TorchContext.DeterministicConvolutions = true;
        return torch.CUDA;
    }

    internal static string Locate(TorchFiles files, string file) =>
        files.Find(file)
        ?? throw new JobFailedException(
            $"Trainer 'torch' needs {file}, and it is in none of {string.Join(", ", files.Folders)}. Build or publish the worker again on Linux "
                + "('dotnet publish gpu-worker'): package libtorch brings it.",
            userError: false
        );

    internal static void LoadFile(string path)
    {
        try
        {
            NativeLibrary.Load(path);
        }
        catch (Exception broken) when (broken is DllNotFoundException or BadImageFormatException)
        {
            throw Broken(path, broken);
        }
    }

    private static void LoadBinding(string path)
    {
        try
        {
            NativeLibrary.Load(path);
        }
        catch (DllNotFoundException older) when (older.Message.Contains(NewerVersion, StringComparison.Ordinal))
        {
            LoadWithoutRequirement(path);
        }
        catch (Exception broken) when (broken is DllNotFoundException or BadImageFormatException)
        {
            throw Broken(path, broken);
        }
    }

    /// <summary>From a file in memory: the original may be another program's too, and a folder that can be written to need not exist.</summary>
    private static void LoadWithoutRequirement(string path)
    {
        try
        {
            var image = File.ReadAllBytes(path);
            ElfRequirement.Weaken(image, NewerVersion, NewerSymbol);
            using var handle = new SafeFileHandle(MemoryFile(TorchFiles.Binding, 0), ownsHandle: true);
            RandomAccess.Write(handle, image, 0);
            NativeLibrary.Load($"/proc/self/fd/{handle.DangerousGetHandle()}");
        }
        catch (Exception broken) when (broken is DllNotFoundException or InvalidDataException or IOException)
        {
            throw Broken(path, broken);
        }
    }

    private static JobFailedException Broken(string path, Exception why) =>
        new(
            $"{path} does not load: {why.Message.Trim()} Publish the worker again for this machine; it needs glibc 2.34 and libstdc++ of GCC 11 "
                + "or newer (Debian 12, Ubuntu 22.04).",
            userError: false,
            why
        );

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemoryFile(string name, uint flags);
}
