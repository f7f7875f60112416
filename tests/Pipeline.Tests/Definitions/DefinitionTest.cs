using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Tests.Definitions;

/// <summary>What is read of a definition: all of it, or mistakes with their places.</summary>
public abstract class DefinitionTest
{
    protected const string Minimal = "name: prices\ndata: { target: price, task: regression }\n";

    protected static void AssertMistake(string yaml, long line, long column, string path, string found, string expected)
    {
        var reading = DefinitionReader.Read(yaml);

        Assert.Null(reading.Definition);
        var mistake = reading.Mistakes.FirstOrDefault(mistake => mistake.Message.Contains(found, StringComparison.Ordinal));
        Assert.True(mistake is not null, string.Join('\n', reading.Mistakes));
        Assert.Contains(expected, mistake.Message, StringComparison.Ordinal);
        Assert.Equal((line, column, path), (mistake.Line, mistake.Column, mistake.Path));
    }
}
