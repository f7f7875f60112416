using System.Runtime.InteropServices;

namespace Serverless.GpuWorker.Trainers.Torch.Native;

/// <summary>
/// A setting of libtorch that TorchSharp does not expose (PyTorch's <c>torch.backends.cudnn.deterministic</c>), by the C++ names of
/// <c>at::Context</c>. Only after libtorch was loaded.
/// </summary>
internal static partial class TorchContext
{
    private const string Library = "libtorch_cpu.so";

    /// <summary>
    /// cuDNN takes those of its convolutions that add in the same order each time. It searches for no fastest one as it is: that would choose by
    /// what it measures.
    /// </summary>
    public static bool DeterministicConvolutions
    {
        get => Deterministic(Global());
        set => SetDeterministic(Global(), value);
    }

    [LibraryImport(Library, EntryPoint = "_ZN2at13globalContextEv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Global();

    [LibraryImport(Library, EntryPoint = "_ZN2at7Context21setDeterministicCuDNNEb")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void SetDeterministic(nint context, [MarshalAs(UnmanagedType.U1)] bool value);

    [LibraryImport(Library, EntryPoint = "_ZNK2at7Context18deterministicCuDNNEv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [return: MarshalAs(UnmanagedType.U1)]
    private static partial bool Deterministic(nint context);
}
