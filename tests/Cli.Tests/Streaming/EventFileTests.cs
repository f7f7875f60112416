using System.Text;
using Serverless.Cli.Stack;
using Serverless.Cli.Streaming;

namespace Serverless.Cli.Tests.Streaming;

public sealed class EventFileTests
{
    [Theory]
    [InlineData("a,b\n1,x\n,y\n", """{"a":"1","b":"x"}|{"a":null,"b":"y"}""")]
    [InlineData("\uFEFFa;b\r\n\"1;5\";x\r\n\r\n", """{"a":"1;5","b":"x"}""")]
    [InlineData("{\"a\":1}\n\n {\"a\": 2 }\nno json\n", """{"a":1}| {"a": 2 }|no json""")]
    [InlineData("a,b\n", "")]
    [InlineData("", "")]
    public void Read_File_GivesAnEventARow(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', Read(text, null).Select(one => Encoding.UTF8.GetString(one.Body))));

    [Theory]
    [InlineData("id,b\n7,x\n8,y\n")]
    [InlineData("{\"id\":7}\n{\"id\":\"8\"}\n")]
    public void Read_IdColumn_IsTheEventsId(string text) => Assert.Equal(["7", "8"], Read(text, "id").Select(one => one.Id));

    [Theory]
    [InlineData("a,b\n1\n", null, "row 1: found 1 fields; expected 2")]
    [InlineData("a,b\n1,2\n", "c", "no column 'c' for --id")]
    public void Read_BrokenFile_SaysWhatAndWhere(string text, string? id, string message) =>
        Assert.Contains(message, Assert.Throws<StackException>(() => Read(text, id)).Message, StringComparison.Ordinal);

    private static List<FileEvent> Read(string text, string? id) => [.. EventFile.Read(new StringReader(text), "rows.csv", id)];
}
