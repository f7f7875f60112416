using Serverless.Cli.Estimate;
using Serverless.Cli.Stack;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Estimate;

public sealed class DeploymentParametersTests
{
    private const string Template = """
        param environmentName string
        param privateNetworking bool
        param streaming bool = false
        param alwaysReadyDurable int = 1
        param alwaysReadyHttp int = 0
        param instanceMemoryMb int = 2048
        param dataRedundancy string = 'Standard_LRS'
        param hubUnits int[] = [1, 4]
        param pools workerPool[] = [
          // the cheap one
          { name: 'cpu', queue: 'jobs-cpu', size: 'Standard_A', gpu: false }
          {
            name: 'gpu'
            size: 'Standard_B'
            region: 'North Europe'
          }
        ]
        """;

    [Fact]
    public void Read_FileOverTemplate_IsBoth()
    {
        using var folder = new TestFolder();
        var file = Write(
            folder,
            "param environmentName = 'dev'\nparam privateNetworking = true\nparam hubUnits = [2, 0]\nparam mail = readIt('X')\n"
        );

        var read = DeploymentParameters.Read(file);

        Assert.True(read.PrivateNetworking);
        Assert.Equal((2, 1, 2048), (read.HubUnits, read.AlwaysReadyDurable, read.InstanceMemoryMb));
        Assert.Equal([new PoolSize("cpu", "Standard_A"), new PoolSize("gpu", "Standard_B", "northeurope")], read.Pools);
    }

    [Theory]
    [InlineData("param privateNetworking = true\n", "'environmentName' is neither set")]
    [InlineData("param environmentName = 'dev'\nparam privateNetworking = bool(readEnvironmentVariable('X'))\n", "is an expression")]
    [InlineData("param environmentName = 'dev'\nparam privateNetworking = 'yes'\n", "'privateNetworking'")]
    [InlineData("param environmentName = 'a${b}'\nparam privateNetworking = true\n", "'environmentName'")]
    [InlineData("param environmentName = 'dev'\nparam privateNetworking = true\nparam pools = [{ name: 'x' }]\n", "'pools'")]
    public void Read_ParameterThatIsNotWrittenOut_SaysWhich(string parameters, string said)
    {
        using var folder = new TestFolder();
        var file = Write(folder, parameters);

        var wrong = Assert.Throws<StackException>(() => DeploymentParameters.Read(file));

        Assert.Contains(said, wrong.Message, StringComparison.Ordinal);
        Assert.Contains("it costs", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'it\\'s'", "\"it's\"")]
    [InlineData("-12", "-12")]
    [InlineData("{ a: [1, true, null], 'b c': 'd' }", """{"a":[1,true,null],"b c":"d"}""")]
    [InlineData("[\n  'a' // one\n  'b'\n]", """["a","b"]""")]
    public void TryRead_Literal_IsItsValue(string bicep, string json)
    {
        Assert.True(BicepLiteral.TryRead(bicep, 0, out var value));
        Assert.Equal(json, value!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    [Theory]
    [InlineData("concat('a')")]
    [InlineData("'a${b}'")]
    [InlineData("[1, x.y]")]
    [InlineData("{ a: 1")]
    [InlineData("'open")]
    [InlineData("'''text'''")]
    [InlineData("")]
    public void TryRead_Expression_IsNone(string bicep) => Assert.False(BicepLiteral.TryRead(bicep, 0, out _));

    private static string Write(TestFolder folder, string parameters)
    {
        folder.Write("main.bicep", Template);
        return folder.Write("dev.bicepparam", "// A comment first\nusing 'main.bicep'\n\n" + parameters);
    }
}
