using Serverless.Cli.Api;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Definitions;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary>The folders that a definition's commands name go into storage, and their digests into the stored definition.</summary>
internal static class ProgramFolders
{
    /// <param name="api">The app.</param>
    /// <param name="file">The definition's: folders stand beside it.</param>
    /// <param name="yaml">Its text, without mistakes.</param>
    /// <param name="cancellationToken">Stops the upload.</param>
    /// <returns>The text to be stored.</returns>
    public static async Task<string> StoreAsync(ApiClient api, string file, string yaml, CancellationToken cancellationToken)
    {
        var names = new Dictionary<string, string>();
        foreach (var folder in DefinitionCode.Folders(yaml))
        {
            var path = Path.GetFullPath(folder, Path.GetDirectoryName(Path.GetFullPath(file))!);
            if (!Directory.Exists(path))
            {
                throw new StackException(
                    $"{path} is not there; {file} names it as the 'code' of a command. Expected a folder with the program."
                );
            }

            var archive = TrainerCode.Pack(path);
            names[folder] = await api.PutCodeAsync(archive, cancellationToken);
            Terminal.Out.WriteLine($"Stored {folder} ({archive.Length:N0} bytes) as {names[folder]}");
        }

        return DefinitionCode.WithNames(yaml, names);
    }
}
