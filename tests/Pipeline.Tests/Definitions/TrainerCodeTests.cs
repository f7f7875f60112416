using Serverless.Pipeline.Definitions;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Definitions;

/// <summary>A program's folder becomes an archive, and the definition names it by its digest.</summary>
public sealed class TrainerCodeTests
{
    private const string Yaml = """
        name: with-code
        data: { target: y, task: binary }
        training:
          trainers:
            - lightgbm: {}
            - command: { run: [a], code: trainer, parameters: { b: 2, a: "1" } } # of mine
            - command:
                run: [b]
                code: "other/one"
        """;

    [Fact]
    public void Pack_SameFiles_GivesTheSameNameWhateverTheirTimes()
    {
        using var one = Folder();
        using var two = Folder();
        File.SetLastWriteTimeUtc(two.File("main.sh"), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        var (first, second) = (TrainerCode.Pack(one.Path), TrainerCode.Pack(two.Path));
        two.Write("main.sh", "echo other");

        Assert.Equal(TrainerCode.NameOf(first), TrainerCode.NameOf(second));
        Assert.True(TrainerCode.IsName(TrainerCode.NameOf(first)));
        Assert.NotEqual(TrainerCode.NameOf(first), TrainerCode.NameOf(TrainerCode.Pack(two.Path)));
    }

    [Fact]
    public void Unpack_APackedFolder_GivesItsFilesWithoutTheHiddenOnesAndKeepsWhatMayBeExecuted()
    {
        using var from = Folder();
        using var into = new TestFolder();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(from.File("main.sh"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        TrainerCode.Unpack(TrainerCode.Pack(from.Path), into.File("code"));

        var files = Directory.EnumerateFiles(into.File("code"), "*", SearchOption.AllDirectories);
        Assert.Equal(
            ["lib/part.txt", "main.sh"],
            files.Select(file => Path.GetRelativePath(into.File("code"), file).Replace('\\', '/')).Order(StringComparer.Ordinal)
        );
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(into.File("code/main.sh")).HasFlag(UnixFileMode.UserExecute));
        Assert.Equal("part", File.ReadAllText(into.File("code/lib/part.txt")));
    }

    [Fact]
    public void Pack_AnEmptyFolder_SaysWhatIsExpected()
    {
        using var folder = new TestFolder();

        var error = Assert.Throws<InvalidDataException>(() => TrainerCode.Pack(folder.Path));

        Assert.Contains("0 files", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithNames_Folders_AreReplacedAndNothingElse()
    {
        var name = TrainerCode.NameOf([1, 2, 3]);

        var stored = DefinitionCode.WithNames(Yaml, new Dictionary<string, string> { ["trainer"] = name, ["other/one"] = name });

        Assert.Equal(["trainer", "other/one"], DefinitionCode.Folders(Yaml));
        Assert.Equal(
            Yaml.Replace("code: trainer", $"code: {name}", StringComparison.Ordinal)
                .Replace("\"other/one\"", name, StringComparison.Ordinal),
            stored
        );
        Assert.Empty(DefinitionCode.Folders(stored));
        Assert.Equal(name, DefinitionReader.Read(stored).Definition!.Training.Trainers[2].Command!.Code);
    }

    [Fact]
    public void Digest_OrderOfParameters_DoesNotCount()
    {
        var turned = Yaml.Replace("b: 2, a: \"1\"", "a: 1, b: 2", StringComparison.Ordinal);
        var other = Yaml.Replace("b: 2", "b: 3", StringComparison.Ordinal);

        Assert.Equal(Digest(Yaml), Digest(turned));
        Assert.NotEqual(Digest(Yaml), Digest(other));
    }

    private static string Digest(string yaml) => DefinitionDigest.Of(DefinitionReader.Read(yaml).Definition!);

    private static TestFolder Folder()
    {
        var folder = new TestFolder();
        Directory.CreateDirectory(folder.File("lib"));
        Directory.CreateDirectory(folder.File(".git"));
        Directory.CreateDirectory(folder.File("__pycache__"));
        folder.Write("main.sh", "echo main");
        folder.Write("lib/part.txt", "part");
        folder.Write(".git/config", "hidden");
        folder.Write("__pycache__/main.pyc", "made");
        return folder;
    }
}
