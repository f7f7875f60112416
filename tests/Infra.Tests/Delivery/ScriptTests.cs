namespace Serverless.Infra.Tests.Delivery;

/// <summary>The smaller scripts that the workflows run.</summary>
public sealed class ScriptTests : ScriptTest
{
    [Fact]
    public async Task Train_NewestFile_RunsWithTheDefinition()
    {
        Folder.Write("newest", "cars/b.csv\n");
        Folder.Write("storage/cars/b.csv", "x\n1\n");

        var (code, output) = await RunAsync("train.sh", "dev", "cars.yaml");

        Assert.True(code == 0, output);
        Assert.Contains(
            Lines("calls"),
            call =>
                call.StartsWith("serverless run ", StringComparison.Ordinal)
                && call.Contains("/b.csv --pipeline cars.yaml (http://app.test the-key)", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Train_NoFileYet_StoresTheDefinitionAlone()
    {
        var (code, output) = await RunAsync("train.sh", "dev", "cars.yaml");

        Assert.True(code == 0, output);
        Assert.Contains(
            Lines("calls"),
            call =>
                call.StartsWith("curl ", StringComparison.Ordinal)
                && call.EndsWith("http://app.test/api/pipelines/cars", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(Lines("calls"), call => call.StartsWith("serverless run", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Train_DeploymentThatNamesNothing_SaysSo()
    {
        Folder.Write("no-outputs", "");

        var (code, output) = await RunAsync("train.sh", "dev", "cars.yaml");

        Assert.Equal(1, code);
        Assert.Contains("deployment serverless-dev names no app", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("completed success", 0, "CI took abc")]
    [InlineData("completed failure", 1, "ended with 'failure' on abc")]
    [InlineData("completed cancelled", 1, "ended with 'cancelled' on abc")]
    public async Task WaitForCi_VerdictAfterAWhile_IsTaken(string verdict, int expected, string said)
    {
        // First not listed yet, then out of reach, then at work.
        Script(
            "bin/gh",
            $"""
            #!/usr/bin/env bash
            echo "gh $*" >>"$FAKE/calls"
            case $(wc -l <"$FAKE/calls") in
              1) echo "null null" ;;
              2) exit 1 ;;
              3) echo "in_progress " ;;
              *) echo "{verdict}" ;;
            esac
            """
        );

        var (code, output) = await RunAsync("wait-for-ci.sh", "abc");

        Assert.Equal(expected, code);
        Assert.Contains(said, output, StringComparison.Ordinal);
        Assert.Equal(4, Lines("calls").Length);
        Assert.All(
            Lines("calls"),
            call => Assert.Contains("run list --workflow ci.yml --commit abc --event push", call, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task ChangedDefinitions_SinceACommit_AreListedAsJson()
    {
        await GitAsync("init", "-q");
        Folder.Write("a/pipeline.yaml", "1");
        Folder.Write("pipeline.yaml", "1");
        await CommitAsync();
        Folder.Write("a/pipeline.yaml", "2");
        Folder.Write("b/other.yaml", "2");
        await CommitAsync();

        Assert.Equal("changed=[\"a/pipeline.yaml\"]\n", (await RunAsync("changed-definitions.sh", "HEAD~1")).Output);
        Assert.Equal("changed=[]\n", (await RunAsync("changed-definitions.sh", "HEAD")).Output);
        Assert.Equal(
            "changed=[\"a/pipeline.yaml\",\"pipeline.yaml\"]\n",
            (await RunAsync("changed-definitions.sh", new string('0', 40))).Output
        );
    }
}
