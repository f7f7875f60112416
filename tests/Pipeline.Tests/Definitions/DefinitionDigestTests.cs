using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Tests.Definitions;

public sealed class DefinitionDigestTests
{
    private const string Yaml = "name: prices\ndata: { target: price, task: regression }\nexpectations: [{ column: a, notNull: true }]\n";

    [Fact]
    public void Of_CommentsOrderAndDefaults_DoNotCount()
    {
        const string same = """
            # the same
            expectations: [{ column: a, notNull: true, mostly: 1 }]
            data: { task: regression, target: price }
            training: { seed: 42 }
            name: prices
            """;

        Assert.Equal(Digest(Yaml), Digest(same));
        Assert.Equal(64, Digest(Yaml).Length);
    }

    [Fact]
    public void Of_AnotherValue_Differs() => Assert.NotEqual(Digest(Yaml), Digest(Yaml + "training: { seed: 43 }\n"));

    private static string Digest(string yaml) => DefinitionDigest.Of(DefinitionReader.Read(yaml).Definition!);
}
