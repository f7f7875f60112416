namespace Serverless.Bench.Broker;

/// <summary>What a broker allocates while something is done to it, over all the times it is done but the first, which warms up.</summary>
internal sealed class Allocation(BrokerProcess broker)
{
    private long bytes;
    private int times = -1;

    public T Of<T>(Func<T> work)
    {
        var before = broker.Allocated();
        var result = work();
        Count(before);
        return result;
    }

    public async Task OfAsync(Func<Task> work)
    {
        var before = broker.Allocated();
        await work();
        Count(before);
    }

    public double PerEvent(int events) => (double)bytes / times / events;

    private void Count(long before)
    {
        if (++times > 0)
        {
            bytes += broker.Allocated() - before;
        }
    }
}
