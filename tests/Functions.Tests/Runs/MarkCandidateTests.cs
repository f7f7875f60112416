using Microsoft.DurableTask.Client;
using Serverless.Functions.Runs;
using Serverless.Functions.Runs.Activities;
using Serverless.Functions.Tests.Drops;
using Serverless.Pipeline.Registry;
using Serverless.Testing;

namespace Serverless.Functions.Tests.Runs;

public sealed class MarkCandidateTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private readonly AliasStore _aliases = new(azurite.StorageClients);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Running, 3)]
    [InlineData(OrchestrationRuntimeStatus.Terminated, null)]
    public async Task RunAsync_Waiting_MarksOnlyForARunThatLives(OrchestrationRuntimeStatus status, int? expected)
    {
        var model = $"candidate-{status.ToString().ToLowerInvariant()}";
        await using var client = new FakeDurableClient();
        var input = new RunInput
        {
            Pipeline = model,
            File = "a.csv",
            ETag = "1",
        };
        await client.ScheduleNewOrchestrationInstanceAsync(nameof(RunOrchestrator), input, new(model), Token);
        client.Became(model, status);

        var marked = await new MarkCandidate(_aliases).RunAsync(new Candidate(model, 3, Waiting: true, model), client, Token);

        Assert.Equal(expected is not null, marked);
        Assert.Equal(expected, (await _aliases.ReadAsync(model, Token)).Candidate);
    }
}
