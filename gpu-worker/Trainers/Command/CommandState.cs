using System.Formats.Tar;
using System.Globalization;
using System.Text.Json;
using Serverless.Pipeline;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>How far a command is; with its newest checkpoint, or with its model at the end, one archive.</summary>
internal sealed record CommandState
{
    /// <summary>Of the archive.</summary>
    public const int Format = 1;

    private const string StateFile = "state.json";

    /// <summary>The last round that was told, or that the checkpoint names.</summary>
    public int Round { get; set; }

    /// <summary>Greatest number of rounds, as far as the program says.</summary>
    public int Rounds { get; set; }

    /// <summary>The round that the model is taken from, as far as the program says; 0: the last.</summary>
    public int Best { get; set; }

    /// <summary>The model is there: nothing is to be run again.</summary>
    public bool Ended { get; set; }

    /// <summary>
    /// The checkpoint with the highest number: a file or folder whose name is one. Others are on their way, or the program's own business.
    /// </summary>
    public static (int Number, string Path)? Newest(string folder) =>
        Directory
            .EnumerateFileSystemEntries(folder)
            .Select(path =>
                (
                    Number: int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                        ? number
                        : 0,
                    Path: path
                )
            )
            .Where(each => each.Number > 0)
            .OrderByDescending(each => each.Number)
            .Select(each => ((int, string)?)each)
            .FirstOrDefault();

    /// <param name="stream">The archive.</param>
    /// <param name="path">A file or folder; its name is kept.</param>
    public void Write(Stream stream, string path)
    {
        using var tar = new TarWriter(stream, leaveOpen: true);
        using var state = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(this, PipelineJson.Compact));
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, StateFile) { DataStream = state });
        var name = Path.GetFileName(path);
        if (File.Exists(path))
        {
            tar.WriteEntry(path, name);
            return;
        }

        tar.WriteEntry(path, name);
        foreach (var file in Directory.EnumerateFileSystemEntries(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            tar.WriteEntry(file, $"{name}/{Path.GetRelativePath(path, file)}");
        }
    }

    /// <summary>Lays the archive's files into a folder.</summary>
    public static CommandState Read(Checkpoint checkpoint, string folder)
    {
        using (var stream = checkpoint.Open())
        {
            TarFile.ExtractToDirectory(stream, folder, overwriteFiles: true);
        }

        var file = Path.Combine(folder, StateFile);
        var state = JsonSerializer.Deserialize<CommandState>(File.ReadAllBytes(file), PipelineJson.Compact)!;
        File.Delete(file);
        return state;
    }
}
