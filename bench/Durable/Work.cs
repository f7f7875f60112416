using System.Diagnostics;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Serverless.Bench.Frame;

namespace Serverless.Bench.Durable;

/// <summary>Starts orchestrations and waits for their ends, as a caller in the app does.</summary>
internal static class Work
{
    public static async Task<string> OneAsync(DurableTaskClient client, string name, CancellationToken cancellationToken)
    {
        var id = await client.ScheduleNewOrchestrationInstanceAsync(name, cancellationToken);
        var end = await client.WaitForInstanceCompletionAsync(id, cancellationToken);
        return end.RuntimeStatus == OrchestrationRuntimeStatus.Completed
            ? id
            : throw new InvalidOperationException($"{name} {id} ended {end.RuntimeStatus}.");
    }

    /// <summary>All at once.</summary>
    public static Task ManyAsync(DurableTaskClient client, int count, CancellationToken cancellationToken) =>
        Task.WhenAll(
            Enumerable
                .Range(0, count)
                .Select(_ => Task.Run(() => OneAsync(client, nameof(BenchFunctions.Single), cancellationToken), cancellationToken))
        );

    /// <summary>So many at any time, the next when one has ended.</summary>
    public static Task InFlightAsync(DurableTaskClient client, int count, int inFlight, CancellationToken cancellationToken) =>
        Task.WhenAll(
            Enumerable
                .Range(0, inFlight)
                .Select(_ =>
                    Task.Run(
                        async () =>
                        {
                            for (var i = 0; i < count / inFlight; i++)
                            {
                                await OneAsync(client, nameof(BenchFunctions.Single), cancellationToken);
                            }
                        },
                        cancellationToken
                    )
                )
        );

    /// <summary>One after the other; seconds of each, sorted.</summary>
    public static async Task<double[]> ChainsAsync(DurableTaskClient client, int count, CancellationToken cancellationToken)
    {
        var seconds = new double[count];
        for (var i = 0; i < count; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await OneAsync(client, nameof(BenchFunctions.Chain), cancellationToken);
            seconds[i] = Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds;
    }
}
