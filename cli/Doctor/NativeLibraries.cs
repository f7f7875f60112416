using System.Runtime.InteropServices;
using Serverless.Cli.Stack;
using Serverless.Pipeline;

namespace Serverless.Cli.Doctor;

/// <summary>The native libraries of the app and the worker: there, and loadable on this system.</summary>
/// <param name="folder">The folder of built programs, <c>artifacts/bin</c>.</param>
/// <param name="configuration">As <c>debug</c>.</param>
internal sealed class NativeLibraries(string folder, string configuration)
{
    private const string LightGbm = "lib_lightgbm";

    /// <summary>Program and the start of a library's name; LightGBM needs libgomp, which systems bring.</summary>
    private static readonly (string Program, string Library)[] Needed =
    [
        (Programs.App, "duckdb"),
        (Programs.App, "onnxruntime"),
        (Programs.Worker, LightGbm),
    ];

    public IReadOnlyList<Finding> Run() =>
        [
            .. Needed.Select(needed => Look(needed.Program, needed.Library)),
            new TorchLibrary(Path.Combine(folder, Programs.Worker, configuration)).Run(),
        ];

    private Finding Look(string program, string library)
    {
        var check = $"library {library}";
        var built = Path.Combine(folder, program, configuration);
        var file = Files(built, library).FirstOrDefault();
        if (file is null)
        {
            return Finding.Error(
                check,
                $"not below {built} for {RuntimeInformation.RuntimeIdentifier}",
                $"Build it: 'dotnet build' in the clone. Supported are x64 and arm64 of Linux, macOS and Windows, as far as {library} is published for them."
            );
        }

        try
        {
            NativeLibrary.Free(NativeLibrary.Load(file));
            return Finding.Ok(check, Path.GetFileName(file));
        }
        catch (Exception unusable) when (unusable is DllNotFoundException or BadImageFormatException)
        {
            var missing =
                library == LightGbm && OperatingSystem.IsLinux()
                    ? "Install libgomp (Debian, Ubuntu: 'apt-get install libgomp1')."
                    : "Install what the message names as missing.";
            return Finding.Error(check, $"{file} cannot be loaded: {unusable.Message.FirstLine()}", missing);
        }
    }

    private static IEnumerable<string> Files(string built, string library)
    {
        string[] names = OperatingSystem.IsWindows()
            ? [$"{library}.dll"]
            : [$"lib{library}.so", $"{library}.so", $"lib{library}.dylib", $"{library}.dylib"];
        var system =
            OperatingSystem.IsWindows() ? "win"
            : OperatingSystem.IsMacOS() ? "osx"
            : "linux";
        var exact = $"{system}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
        string[] folders = [built, .. ((string[])[exact, system]).Select(rid => Path.Combine(built, "runtimes", rid, "native"))];
        return folders.SelectMany(_ => names, Path.Combine).Where(File.Exists);
    }
}
