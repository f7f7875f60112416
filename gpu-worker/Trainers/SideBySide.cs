using System.Runtime.ExceptionServices;

namespace Serverless.GpuWorker.Trainers;

/// <summary>Runs pieces of long work on threads of their own, so many at once.</summary>
internal static class SideBySide
{
    /// <summary>
    /// All results in order. When one fails the others are cancelled and its error is thrown; one that is stopped leaves the others the time
    /// to save what they have.
    /// </summary>
    public static T[] Run<T>(int count, int atOnce, Func<int, CancellationToken, T> work, CancellationToken cancellationToken)
        where T : class, IDisposable
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var results = new T?[count];
        var errors = new List<Exception>();
        var next = -1;
        var threads = Enumerable
            .Range(0, Math.Min(count, atOnce))
            .Select(_ => Task.Factory.StartNew(Take, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        Task.WaitAll([.. threads], CancellationToken.None);
        if (errors.Count == 0)
        {
            return results!;
        }

        foreach (var result in results)
        {
            result?.Dispose();
        }

        // What stopped the others, not that they were stopped.
        ExceptionDispatchInfo.Throw(errors.Find(error => error is not OperationCanceledException) ?? errors[0]);
        return results!;

        void Take()
        {
            while (Interlocked.Increment(ref next) is var index && index < count)
            {
                try
                {
                    stop.Token.ThrowIfCancellationRequested();
                    results[index] = work(index, stop.Token);
                }
                catch (Exception error)
                {
                    lock (errors)
                    {
                        errors.Add(error);
                    }

                    // A departure is not to keep the others from saving.
                    if (error is not OperationCanceledException)
                    {
                        stop.Cancel();
                    }

                    return;
                }
            }
        }
    }
}
