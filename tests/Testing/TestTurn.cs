using Xunit;

namespace Serverless.Testing;

/// <summary>
/// Two test programs at a time, however they are started: one alone leaves the cores idle where its tests wait for a lease to end, more would fight
/// for them, and tests with a deadline would lose. Every test project has it as an assembly fixture (tests/Directory.Build.props).
/// </summary>
public sealed class TestTurn : IAsyncLifetime
{
    private FileStream? turn;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(RepositoryRoot.File("artifacts"));
        while ((turn = Take("tests-1.lock") ?? Take("tests-2.lock")) is null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }
    }

    public ValueTask DisposeAsync() => turn?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static FileStream? Take(string name)
    {
        var file = RepositoryRoot.File("artifacts", name);
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(file))
        {
            return null;
        }
    }
}
