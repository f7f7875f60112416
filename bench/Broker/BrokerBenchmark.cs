using Serverless.Bench.Frame;
using Serverless.Testing;

namespace Serverless.Bench.Broker;

/// <summary>
/// The Event Hubs broker on loopback with every acknowledged batch on the disk: against the same broker without flush, and against
/// the bare log with the same records. Broker, npm client and AMQP client are three processes.
/// </summary>
internal sealed class BrokerBenchmark : IBenchmark
{
    private const int Measured = 5;
    private const int BatchEvents = 500;
    private const int BodyBytes = 100;
    private const int NpmEvents = 100_000;
    private const int NpmMeasured = 3;

    /// <summary>Batches to each partition in a round of the AMQP client: 100,000 events.</summary>
    private const int Batches = 50;

    private const int AmqpEvents = Batches * BatchEvents * BrokerProcess.Partitions;

    /// <summary>Of single batches of <see cref="PacedEvents"/> events every <see cref="Pace"/>: 10,000 events a second.</summary>
    private const int PacedBatches = 200;

    private const int PacedEvents = 100;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    public string Name => "broker";

    public string About => "the Event Hubs broker with the npm client and the AMQP library, durable, against no flush and the bare log";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        using var durable = BrokerProcess.Start(folder.File("durable"), 0);
        using var loose = BrokerProcess.Start(folder.File("loose"), -1);
        await using var bare = new BareLogs(folder.File("bare"), BatchEvents, BodyBytes);
        List<Figure> figures =
        [
            .. await AmqpAsync(durable, loose, bare),
            .. Npm(durable, loose),
            .. await AcknowledgementsAsync(durable, loose),
        ];
        return figures;
    }

    private static async Task<IReadOnlyList<Figure>> AmqpAsync(BrokerProcess durable, BrokerProcess loose, BareLogs bare)
    {
        await using var client = await AmqpClient.ConnectAsync(durable.ConnectionString);
        await using var other = await AmqpClient.ConnectAsync(loose.ConnectionString);
        var (sent, received) = (new Allocation(durable), new Allocation(durable));
        var sends = await Rounds.MedianSecondsAsync(
            Measured,
            1,
            () => sent.OfAsync(() => client.SendAsync(Batches, BatchEvents, BodyBytes)),
            () => other.SendAsync(Batches, BatchEvents, BodyBytes),
            () => bare.AppendAsync(Batches)
        );
        var receives = await Rounds.MedianSecondsAsync(
            Measured,
            1,
            () => received.OfAsync(() => client.ReceiveAsync(Batches * BatchEvents)),
            () => bare.ReadAsync(Batches)
        );
        return
        [
            new($"broker/AMQP library sends {BodyBytes} B events, against no flush", AmqpEvents / sends[0], AmqpEvents / sends[1], "/s"),
            new("broker/AMQP library sends, against the bare log", AmqpEvents / sends[0], AmqpEvents / sends[2], "/s"),
            new("broker/AMQP library receives, against reading the bare log", AmqpEvents / receives[0], AmqpEvents / receives[1], "/s"),
            new("broker/allocated by the broker for an event sent by the AMQP library", sent.PerEvent(AmqpEvents), null, "B"),
            new("broker/allocated by the broker for an event received by the AMQP library", received.PerEvent(AmqpEvents), null, "B"),
        ];
    }

    private static List<Figure> Npm(BrokerProcess durable, BrokerProcess loose)
    {
        using var client = new NpmClient(durable.ConnectionString);
        using var other = new NpmClient(loose.ConnectionString);
        var (sent, received) = (new Allocation(durable), new Allocation(durable));
        var (sends, looseSends, receives, bytes) = (new List<NpmRate>(), new List<NpmRate>(), new List<NpmRate>(), new List<NpmRate>());
        for (var round = -1; round < NpmMeasured; round++)
        {
            var send = sent.Of(() => client.Send(NpmEvents));
            var looseSend = other.Send(NpmEvents);
            var receive = received.Of(() => client.Receive(NpmEvents));
            var receiveBytes = client.ReceiveBytes(NpmEvents);
            if (round >= 0)
            {
                sends.Add(send);
                looseSends.Add(looseSend);
                receives.Add(receive);
                bytes.Add(receiveBytes);
            }
        }

        return
        [
            new($"broker/npm client sends {BodyBytes} B events, against no flush", Middle(sends).Events, Middle(looseSends).Events, "/s"),
            new("broker/of that, the client's own processor time", Middle(sends).Busy, null, "of 1"),
            new("broker/npm client receives and parses", Middle(receives).Events, null, "/s"),
            new("broker/of that, the client's own processor time while it receives", Middle(receives).Busy, null, "of 1"),
            new("broker/npm client receives and leaves the bodies as they are", Middle(bytes).Events, null, "/s"),
            new("broker/of that, the client's own processor time while it receives and does not parse", Middle(bytes).Busy, null, "of 1"),
            new("broker/allocated by the broker for an event sent by npm", sent.PerEvent(NpmEvents), null, "B"),
            new("broker/allocated by the broker for an event received by npm", received.PerEvent(NpmEvents), null, "B"),
        ];
    }

    private static async Task<IReadOnlyList<Figure>> AcknowledgementsAsync(BrokerProcess durable, BrokerProcess loose)
    {
        await using var client = await AmqpClient.ConnectAsync(durable.ConnectionString);
        await using var other = await AmqpClient.ConnectAsync(loose.ConnectionString);
        var (waits, looseWaits) = (new List<double>(), new List<double>());
        for (var round = -1; round < Measured; round++)
        {
            var one = await client.AcknowledgementsAsync(PacedBatches, PacedEvents, BodyBytes, Pace);
            var two = await other.AcknowledgementsAsync(PacedBatches, PacedEvents, BodyBytes, Pace);
            if (round >= 0)
            {
                waits.AddRange(one);
                looseWaits.AddRange(two);
            }
        }

        return
        [
            new("broker/acknowledgement at 10,000 /s, median, against no flush", Middle(waits), Middle(looseWaits), "ms"),
            new("broker/acknowledgement at 10,000 /s, p99, against no flush", High(waits), High(looseWaits), "ms"),
        ];
    }

    private static NpmRate Middle(List<NpmRate> rates) => rates.OrderBy(rate => rate.Events).ElementAt(rates.Count / 2);

    private static double Middle(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static double High(List<double> values) => values.Order().ElementAt(values.Count * 99 / 100);
}
