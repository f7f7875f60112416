using Serverless.Functions.Runs;
using Serverless.Pipeline.Jobs;

namespace Serverless.Functions.Tests.Runs;

public sealed class OnJobEventTests
{
    [Fact]
    public void Parse_WorkersMessage_GivesTheEvent() =>
        Assert.Equal(
            new JobEvent("j", "machine-failure-0", JobState.Succeeded),
            OnJobEvent.Parse("""{"jobId":"j","instanceId":"machine-failure-0","state":"succeeded"}""")
        );

    [Theory]
    [InlineData("nonsense")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"jobId":"j","state":"succeeded"}""")]
    [InlineData("""{"jobId":"j","instanceId":"i","state":"exploded"}""")]
    public void Parse_AnythingElse_IsNothing(string message) => Assert.Null(OnJobEvent.Parse(message));
}
