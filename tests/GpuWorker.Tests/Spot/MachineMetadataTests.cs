using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Serverless.Cli.Stack.Spot;
using Serverless.GpuWorker.Spot;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Spot;

/// <summary>What a worker learns of its machine at its start.</summary>
public sealed class MachineMetadataTests : IAsyncLifetime
{
    private static readonly FakeMachine Spot = new("pool_1", "Standard_D2as_v5", "westus3", "Spot");

    private readonly MetadataServer server = new(TimeProvider.System);
    private readonly FakeTimeProvider time = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await server.StartAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Machine_InAzure_IsNamedAndPriced()
    {
        var machine = await MachineAsync(server.AddressOf(Spot));

        var price = PriceTable.BuiltIn.Machine(Spot.Size, Spot.Region)!;
        Assert.Equal((Spot.Name, MachineKind.Spot, Spot.Size, Spot.Region), (machine!.Name, machine.Kind, machine.Size, machine.Region));
        Assert.Equal((price.Spot, price.OnDemand), (machine.SpotPrice, machine.OnDemandPrice));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(401)]
    [InlineData(200)]
    public async Task Machine_AnotherServiceThere_IsNotInAzure(int status)
    {
        var asked = 0;
        server.Otherwise = context =>
        {
            asked++;
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("<html>");
        };

        Assert.Null(await MachineAsync(server.Url + "/unknown"));
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Machine_NobodyThere_IsNotInAzure()
    {
        await server.DisposeAsync();

        Assert.Null(await MachineAsync(server.Url));
    }

    [Fact]
    public async Task Machine_ServiceIsBusy_IsAskedAgain()
    {
        var answers = new Queue<int>([410, 429, 503]);
        server.Otherwise = context =>
        {
            context.Response.StatusCode = answers.Dequeue();
            if (answers.Count == 0)
            {
                server.AddressOf(Spot);
            }

            return Task.CompletedTask;
        };

        var machine = await MachineAsync($"{server.Url}/{Spot.Name}");

        Assert.Equal((Spot.Name, MachineKind.Spot), (machine!.Name, machine.Kind));
        Assert.Empty(answers);
    }

    [Fact]
    public async Task Machine_ServiceStaysBusy_CountsAsNotInAzureAfterTheTimeOfARenewal()
    {
        var began = time.GetUtcNow();
        server.Otherwise = context =>
        {
            context.Response.StatusCode = 410;
            return Task.CompletedTask;
        };

        Assert.Null(await MachineAsync(server.Url + "/busy"));
        Assert.True(time.GetUtcNow() - began >= TimeSpan.FromSeconds(90), $"It was given up after {time.GetUtcNow() - began}.");
    }

    /// <summary>The clock goes on while an answer is waited for.</summary>
    private async Task<MachineInfo?> MachineAsync(string address)
    {
        using var metadata = new MachineMetadata(new Uri(address));
        var machine = metadata.MachineAsync(PriceTable.BuiltIn, time, NullLogger<MachineMetadata>.Instance, Cancelled);
        await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return machine.IsCompleted;
            },
            "the machine",
            Cancelled
        );
        return await machine;
    }
}
