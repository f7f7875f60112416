using System.Diagnostics;
using System.Globalization;
using Amqp;
using Amqp.Framing;
using Serverless.Local.EventHubs;

namespace Serverless.Bench.Broker;

/// <summary>A client of the AMQP library on one connection, with a session and a link for each partition.</summary>
internal sealed class AmqpClient : IAsyncDisposable
{
    private const int Credit = 5000;

    private readonly Connection connection;
    private readonly SenderLink[] senders;

    private AmqpClient(Connection connection)
    {
        this.connection = connection;
        senders =
        [
            .. Enumerable
                .Range(0, BrokerProcess.Partitions)
                .Select(p => new SenderLink(new Session(connection), Name("sender", p), Name($"{BrokerProcess.Hub}/Partitions/", p))),
        ];
    }

    public static async Task<AmqpClient> ConnectAsync(string connectionString)
    {
        var parts = EventHubsConnectionString.Parse(connectionString);
        return new AmqpClient(
            await new ConnectionFactory().CreateAsync(new Address("127.0.0.1", parts.Port, parts.KeyName, parts.Key, "/", "amqp"))
        );
    }

    /// <summary>A batch as Event Hubs clients make it: an encoded message in each Data section.</summary>
    public static Message Batch(int events, int bodyBytes)
    {
        var one = new Message { BodySection = new Data { Binary = new byte[bodyBytes] } }.Encode();
        var encoded = one.Buffer.AsSpan(one.Offset, one.Length).ToArray();
        var list = new DataList();
        for (var i = 0; i < events; i++)
        {
            list.Add(new Data { Binary = encoded });
        }

        return new Message { BodySection = list, Format = Envelope.BatchFormat };
    }

    /// <summary>Sends so many batches to every partition, one under way to each.</summary>
    public Task SendAsync(int batches, int events, int bodyBytes) =>
        Task.WhenAll(
            senders.Select(sender =>
                Task.Run(async () =>
                {
                    for (var i = 0; i < batches; i++)
                    {
                        await sender.SendAsync(Batch(events, bodyBytes));
                    }
                })
            )
        );

    /// <summary>Reads so many events of every partition from the first one on, on a session and link each.</summary>
    public Task ReceiveAsync(int events) =>
        Task.WhenAll(Enumerable.Range(0, BrokerProcess.Partitions).Select(p => ReceiveAsync(p, events)));

    /// <summary>Sends single batches at a steady rate, whether or not the one before is acknowledged.</summary>
    /// <returns>Milliseconds from each send to its acknowledgement.</returns>
    public async Task<double[]> AcknowledgementsAsync(int batches, int events, int bodyBytes, TimeSpan interval)
    {
        var waits = new Task<double>[batches];
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < batches; i++)
        {
            if (i * interval - Stopwatch.GetElapsedTime(began) is { Ticks: > 0 } early)
            {
                await Task.Delay(early);
            }

            waits[i] = AcknowledgedAsync(senders[i % senders.Length], Batch(events, bodyBytes));
        }

        return await Task.WhenAll(waits);
    }

    public async ValueTask DisposeAsync() => await connection.CloseAsync();

    private static async Task<double> AcknowledgedAsync(SenderLink sender, Message batch)
    {
        var began = Stopwatch.GetTimestamp();
        await sender.SendAsync(batch);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static string Name(string prefix, int partition) => prefix + partition.ToString(CultureInfo.InvariantCulture);

    private async Task ReceiveAsync(int partition, int events)
    {
        var session = new Session(connection);
        var link = new ReceiverLink(
            session,
            Name("receiver", partition),
            Name($"{BrokerProcess.Hub}/ConsumerGroups/$Default/Partitions/", partition)
        );
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        link.AddClosedCallback((_, error) => all.TrySetException(new InvalidOperationException($"The receiver was closed: {error}.")));
        var read = 0;
        link.Start(
            Credit,
            (receiver, message) =>
            {
                // What comes behind the last one meets a link that is being closed.
                if (++read <= events)
                {
                    receiver.Accept(message);
                }

                if (read == events)
                {
                    all.SetResult();
                }
            }
        );
        await all.Task;
        await link.CloseAsync();
        await session.CloseAsync();
    }
}
