namespace Serverless.EndToEnd.Tests.Stack;

/// <summary>One stack for a class of tests that keep apart by their pipelines' names.</summary>
public sealed class StackFixture : IAsyncLifetime
{
    private TestStack? stack;

    internal TestStack Stack => stack ?? throw new InvalidOperationException("The fixture has not started.");

    public async ValueTask InitializeAsync() => stack = await TestStack.StartAsync();

    public ValueTask DisposeAsync() => stack?.DisposeAsync() ?? ValueTask.CompletedTask;
}
