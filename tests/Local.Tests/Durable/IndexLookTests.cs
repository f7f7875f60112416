using System.Collections.Concurrent;
using Serverless.Local.Durable;
using Serverless.Testing;

namespace Serverless.Local.Tests.Durable;

public sealed class IndexLookTests
{
    /// <summary>An instance that came into memory by a look at the index before would be passed over in the one that is made of the log.</summary>
    [Fact]
    public async Task With_WhatFollowsFromALook_IsDoneBeforeTheIndexIsMadeAgain()
    {
        using var folder = new TestFolder();
        using var index = new InstanceIndex(folder.Path);
        index.Replace(null, Open);
        var done = new ConcurrentQueue<string>();
        var (entered, leave) = (new TaskCompletionSource(), new TaskCompletionSource());

        var look = Task.Run(() =>
            index.With(
                "a",
                image =>
                {
                    entered.SetResult();
                    leave.Task.Wait(TestHub.Cancellation);
                    done.Enqueue("what followed");
                    return image;
                }
            )
        );
        await entered.Task.WaitAsync(Eventually.Deadline, TestHub.Cancellation);
        var before = index.File;
        var replaced = Task.Run(() =>
            index.Replace(
                before,
                () =>
                {
                    done.Enqueue("made again");
                    return Open();
                }
            )
        );
        // Time enough for it, were it not to wait.
        await Task.WhenAny(replaced, Task.Delay(200, TestHub.Cancellation));
        leave.SetResult();

        Assert.Null(await look);
        Assert.True(await replaced);
        Assert.Equal(["what followed", "made again"], done);

        IndexFile Open() => IndexFile.Open(folder.Path);
    }
}
