using Serverless.Cli.Csv;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Training;

namespace Serverless.Cli.Tests.Csv;

public sealed class CsvRowsTests
{
    private static readonly FeatureInput[] Inputs =
    [
        new("size", ColumnType.Number),
        new("kind", ColumnType.Text),
        new("new", ColumnType.Boolean),
    ];

    [Theory]
    [InlineData("size,kind,new,other\n1.5,a,true,x\n", """[{"size":1.5,"kind":"a","new":true}]""")]
    [InlineData("\uFEFFkind;size;new\r\n\"a;b\";2;false\r\n", """[{"size":2,"kind":"a;b","new":false}]""")]
    [InlineData("size\tkind\tnew\n\t\t\n", """[{"size":null,"kind":null,"new":null}]""")]
    [InlineData("size,kind,new\n1,\"say \"\"hi\"\"\nthere\",true\n", """[{"size":1,"kind":"say \u0022hi\u0022\nthere","new":true}]""")]
    [InlineData("size,kind,new\nlarge,7,true\n", """[{"size":"large","kind":"7","new":true}]""")]
    public void ToJson_Rows_HaveTheTypesOfTheModelsColumns(string csv, string expected) =>
        Assert.Equal(expected, CsvRows.ToJson(csv, "rows.csv", Inputs));

    [Theory]
    [InlineData("", "no rows")]
    [InlineData("size,kind,new\n", "no rows")]
    [InlineData("size,kind\n1,a\n", "'new'")]
    [InlineData("size,kind,new\n1,a\n", "row 1: found 2 fields; expected 3")]
    public void ToJson_WrongFile_SaysWhatIsWrong(string csv, string said)
    {
        var wrong = Assert.Throws<StackException>(() => CsvRows.ToJson(csv, "rows.csv", Inputs));

        Assert.Contains(said, wrong.Message);
    }
}
