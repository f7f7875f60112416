using Serverless.Cli.View;
using Spectre.Console;

namespace Serverless.Cli.Demo;

/// <summary>Does one thing after the other, says so, and keeps what took how long.</summary>
internal sealed class Timeline(IAnsiConsole console, TimeProvider time)
{
    private readonly long start = time.GetTimestamp();
    private readonly List<(string What, TimeSpan Took)> steps = [];

    public IReadOnlyList<(string What, TimeSpan Took)> Steps => steps;

    public TimeSpan Elapsed => time.GetElapsedTime(start);

    /// <summary>With a spinner where there is a terminal, else a line when it is done.</summary>
    public async Task<T> StepAsync<T>(string what, Func<Task<T>> work)
    {
        var began = time.GetTimestamp();
        var result =
            console.Profile.Capabilities.Interactive && console.Profile.Capabilities.Ansi
                ? await console.Status().StartAsync(Markup.Escape(what), _ => work())
                : await work();
        var took = time.GetElapsedTime(began);
        Add(what, took);
        console.MarkupLineInterpolated($"[green]✓[/] {what} [grey]{RunText.Elapsed(took)}[/]");
        return result;
    }

    public void Add(string what, TimeSpan took) => steps.Add((what, took));
}
