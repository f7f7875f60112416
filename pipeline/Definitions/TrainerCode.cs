using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Serverless.Pipeline.Definitions;

/// <summary>The files of a user's program as one archive, named by its digest: the same files, the same bytes.</summary>
public static partial class TrainerCode
{
    /// <summary>Largest archive, bytes: a program, not its data or its packages.</summary>
    public const int MaxBytes = 20 << 20;

    private const int MaxFiles = 2000;
    private const int RegularFile = 0x8000;
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The least that a zip file can say; the digest is to depend on the files alone.</summary>
    private static readonly DateTimeOffset Never = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How stored definitions name an archive: <c>sha256:</c> and 64 hexadecimal digits.</summary>
    public static string NameOf(ReadOnlySpan<byte> archive) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(archive))}";

    /// <summary>Whether this is the name of an archive, and no folder.</summary>
    public static bool IsName(string code) => ArchiveName().IsMatch(code);

    /// <summary>
    /// Packs a folder. Hidden files, links and <c>__pycache__</c> are left out; of the modes only "may be executed" is kept.
    /// </summary>
    /// <exception cref="InvalidDataException">There is nothing in it, or too much.</exception>
    public static byte[] Pack(string folder)
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint,
        };
        var files = Directory
            .EnumerateFiles(folder, "*", options)
            .Select(file => (File: file, Name: Path.GetRelativePath(folder, file).Replace('\\', '/')))
            .Where(each => !each.Name.Split('/').Contains("__pycache__"))
            .OrderBy(each => each.Name, StringComparer.Ordinal)
            .Take(MaxFiles + 1)
            .ToList();
        var bytes = files.Sum(each => new FileInfo(each.File).Length);
        if (files.Count is 0 or > MaxFiles || bytes > MaxBytes)
        {
            throw new InvalidDataException(
                $"{folder} has {(files.Count > MaxFiles ? $"more than {MaxFiles:N0}" : $"{files.Count:N0}")} files with {bytes:N0} bytes; expected 1 to "
                    + $"{MaxFiles:N0} with at most {MaxBytes:N0}: the program's own files. Packages are installed on the worker's machine, data is dropped."
            );
        }

        using var archive = new MemoryStream();
        using (var zip = new ZipArchive(archive, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (file, name) in files)
            {
                // Stored as it is: compressed bytes differ from one version of the library to the next.
                var entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
                entry.LastWriteTime = Never;
                entry.ExternalAttributes = (RegularFile | (int)Mode(file)) << 16;
                using var to = entry.Open();
                using var from = File.OpenRead(file);
                from.CopyTo(to);
            }
        }

        return archive.ToArray();
    }

    /// <summary>Lays the files into a folder.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such archive.</exception>
    public static void Unpack(byte[] archive, string folder)
    {
        Directory.CreateDirectory(folder);
        using var zip = new ZipArchive(new MemoryStream(archive), ZipArchiveMode.Read);
        zip.ExtractToDirectory(folder, overwriteFiles: true);
    }

    private static UnixFileMode Mode(string file) =>
        OperatingSystem.IsWindows() || File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute) ? Executable : Readable;

    [GeneratedRegex("^sha256:[0-9a-f]{64}$", RegexOptions.CultureInvariant)]
    private static partial Regex ArchiveName();
}
