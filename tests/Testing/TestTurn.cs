using Xunit;

namespace Serverless.Testing;

/// <summary>
/// One test program at a time, however they are started: several at once would fight for the cores, and tests with a deadline would
/// lose. Every test project has it as an assembly fixture (tests/Directory.Build.props).
/// </summary>
public sealed class TestTurn : IAsyncLifetime
{
    private FileStream? turn;

    public async ValueTask InitializeAsync()
    {
        var file = RepositoryRoot.File("artifacts", "tests.lock");
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        while (turn is null)
        {
            try
            {
                turn = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(file))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200));
            }
        }
    }

    public ValueTask DisposeAsync() => turn?.DisposeAsync() ?? ValueTask.CompletedTask;
}
