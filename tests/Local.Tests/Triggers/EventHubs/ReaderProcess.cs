using System.Diagnostics;
using Serverless.Local.Tests.EventHubs;
using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers.EventHubs;

/// <summary>An app that reads hub <c>in</c> in a process of its own, and what it has noted.</summary>
internal sealed class ReaderProcess(TestFolder folder, IReadOnlyDictionary<string, string> settings) : IDisposable
{
    private readonly Process process = Children.StartReader(folder.Path, settings);

    /// <summary>Bodies it has read, those of a line that is being written left out.</summary>
    public string[] Seen()
    {
        var file = folder.File("seen");
        if (!File.Exists(file))
            return [];
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var text = reader.ReadToEnd();
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>SIGKILL: it gives nothing up.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        process.Kill();
        await process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Ends it in good order; it must end with 0.</summary>
    public async Task StopAsync()
    {
        process.StandardInput.Close();
        await Children.EndedAsync(process);
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
        folder.Dispose();
    }
}
