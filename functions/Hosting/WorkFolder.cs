namespace Serverless.Functions.Hosting;

/// <summary>
/// A temporary folder of one activity, removed at its end. On Azure no file is shared between two activities, and the disk is small
/// (about 0.8 GB): nothing may stay behind.
/// </summary>
internal sealed class WorkFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("serverless-");

    public string Path => _folder.FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A file that is still open on Windows; the system's temporary folder is cleaned by the system.
        }
    }
}
