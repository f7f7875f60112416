using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Cli.Stack.Spot;
using Serverless.GpuWorker.Spot;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Tests.Spot;

/// <summary>The watch against a stand-in for the metadata service, look by look.</summary>
public sealed class EvictionWatchTests : IAsyncLifetime
{
    private static readonly FakeMachine Spot = new("pool_1", "Standard_D2as_v5", "westus3", "Spot");

    private readonly MetadataServer server = new(TimeProvider.System);
    private readonly Departure departure = new(TimeProvider.System);
    private MachineMetadata metadata = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await server.StartAsync(CancellationToken.None);
        metadata = new MachineMetadata(new Uri(server.AddressOf(Spot)));
    }

    public async ValueTask DisposeAsync()
    {
        metadata.Dispose();
        departure.Dispose();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData("Preempt")]
    [InlineData("Terminate")]
    [InlineData("Reboot")]
    [InlineData("Redeploy")]
    public async Task Look_EventTakesTheMachine_AcknowledgesWhenTheJobIsHandedBack(string type)
    {
        var work = departure.AtWork();
        var id = server.Plan("POOL_1", type, TimeSpan.FromSeconds(30));
        var watch = Watch();

        await watch.LookAsync(Cancelled);

        Assert.True(departure.IsAnnounced);
        Assert.InRange(departure.Left, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));
        Assert.False(server.IsAcknowledged(id));
        work.Dispose();
        await Serverless.Testing.Eventually.HoldsAsync(() => server.IsAcknowledged(id), "the acknowledgement", Cancelled);
    }

    [Fact]
    public async Task Look_AnotherMachinesEvent_IsNotHeeded()
    {
        server.Plan("pool_2", "Preempt", TimeSpan.FromSeconds(30));

        await Watch().LookAsync(Cancelled);

        Assert.False(departure.IsAnnounced);
        Assert.True(departure.Withdrawn.IsCompleted);
    }

    [Fact]
    public async Task Look_EventIsGoneAgain_TakesJobsAgain()
    {
        var watch = Watch();
        var id = server.Plan(Spot.Name, "Preempt", TimeSpan.FromSeconds(30));
        await watch.LookAsync(Cancelled);
        var leaving = departure.Leaving;
        Assert.False(departure.Withdrawn.IsCompleted);

        server.Remove(id);
        await watch.LookAsync(Cancelled);

        await departure.Withdrawn.WaitAsync(Cancelled);
        Assert.True(leaving.IsCancellationRequested);
        Assert.False(departure.IsAnnounced);

        server.Plan(Spot.Name, "Preempt", TimeSpan.FromSeconds(30));
        await watch.LookAsync(Cancelled);
        Assert.True(departure.IsAnnounced);
    }

    [Fact]
    public async Task Look_HardwareFails_LeavesAtOnceAndAcknowledgesNothing()
    {
        var id = server.Plan(Spot.Name, "Redeploy", notice: null);
        var watch = Watch();

        await watch.LookAsync(Cancelled);
        await watch.LookAsync(Cancelled);

        Assert.InRange(departure.Left, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.False(server.IsAcknowledged(id));
    }

    [Fact]
    public async Task Look_LateNotice_LeavesNoTime()
    {
        server.Plan(Spot.Name, "Preempt", TimeSpan.FromSeconds(-3));

        await Watch().LookAsync(Cancelled);

        Assert.True(departure.IsAnnounced);
        Assert.Equal(TimeSpan.Zero, departure.Left);
    }

    [Fact]
    public async Task Look_Freeze_AsksForOneSave()
    {
        server.Plan(Spot.Name, "Freeze", TimeSpan.FromSeconds(30));
        var watch = Watch();

        await watch.LookAsync(Cancelled);
        await watch.LookAsync(Cancelled);

        Assert.Equal(1, departure.Freezes);
        Assert.False(departure.IsAnnounced);
    }

    [Fact]
    public async Task Look_ServiceIsSlowOrFails_AsksAgain()
    {
        var calls = 0;
        server.BeforeEvents = context =>
        {
            context.Response.StatusCode = ++calls == 1 ? StatusCodes.Status429TooManyRequests : 200;
            return Task.CompletedTask;
        };
        server.Plan(Spot.Name, "Preempt", TimeSpan.FromSeconds(30));
        var watch = Watch();

        await watch.LookAsync(Cancelled);
        Assert.False(departure.IsAnnounced);
        await watch.LookAsync(Cancelled);

        Assert.True(departure.IsAnnounced);
    }

    private EvictionWatch Watch() => new(metadata, Spot.Name, departure, TimeProvider.System, NullLogger<EvictionWatch>.Instance);
}
