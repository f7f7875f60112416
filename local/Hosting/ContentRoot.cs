namespace Serverless.Local.Hosting;

/// <summary>The app's files: settings beside the app, state in a folder of its own.</summary>
internal sealed class ContentRoot(string folder)
{
    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary><c>SERVERLESS_HOME</c>, or <c>.serverless</c> beside the app.</summary>
    public string Home(string? configured) => Path.GetFullPath(string.IsNullOrWhiteSpace(configured) ? ".serverless" : configured, Folder);

    /// <summary>A settings file beside the app, else beside its assemblies; null when there is none.</summary>
    public string? Find(string file)
    {
        foreach (var candidate in (string[])[Path.Combine(Folder, file), Path.Combine(AppContext.BaseDirectory, file)])
        {
            if (File.Exists(candidate))
                return candidate;
        }
        return null;
    }
}
