using Amqp.Framing;
using Amqp.Types;

namespace Serverless.Local.EventHubs;

/// <summary>Decides what an attach is for and gives the link its endpoint.</summary>
internal sealed class LinkOpener(EventHubsOptions options, HubSet hubs, TimeProvider time)
{
    private static readonly Symbol Idempotent = "com.microsoft:idempotent-producer";

    /// <exception cref="Amqp.AmqpException">Refused; the library tells the client.</exception>
    public void Open(BrokerLink link, Attach attach, ConnectionRights rights, ResponseRoutes routes)
    {
        attach.MaxMessageSize = (ulong)options.MaxMessageBytes;
        var address = attach.Role ? (attach.Source as Source)?.Address : (attach.Target as Target)?.Address;
        var path = EntityAddress.Strip(address ?? "");
        if (path.Equals(EntityAddress.Cbs, StringComparison.OrdinalIgnoreCase))
            OpenNode(link, attach, EntityAddress.Cbs, routes, new TokenNode(options, rights, time).Answer);
        else if (path.Split('/')[^1].Equals(EntityAddress.Management, StringComparison.OrdinalIgnoreCase))
            OpenNode(link, attach, EntityAddress.Management, routes, new ManagementNode(options, hubs, rights, time).Answer);
        else
            OpenEntity(link, attach, address ?? "", rights);
    }

    private static void OpenNode(BrokerLink link, Attach attach, string node, ResponseRoutes routes, Func<Amqp.Message, Response> answer)
    {
        if (!attach.Role)
        {
            link.Serve(new RequestLink(node, routes, answer), RequestLink.Credit);
            return;
        }
        attach.SndSettleMode = SenderSettleMode.Settled;
        var back = new ResponseLink(link, node, (attach.Target as Target)?.Address, routes);
        routes.Add(back);
        link.Serve(back, 0);
    }

    private void OpenEntity(BrokerLink link, Attach attach, string address, ConnectionRights rights)
    {
        var entity = EntityAddress.Parse(address);
        if (entity is null || hubs.Find(entity.Hub) is not { } hub)
            throw BrokerErrors.NotFound(address);
        if (!rights.Allows(entity.Path))
            throw BrokerErrors.Unauthorized(
                $"Unauthorized access. '{(attach.Role ? "Listen" : "Send")}' claim(s) are required to perform this operation. Resource: 'sb://localhost/{entity.Path}'."
            );
        if (attach.Role)
            OpenReader(link, attach, entity, hub);
        else
            OpenPublisher(link, attach, entity, hub);
    }

    private void OpenReader(BrokerLink link, Attach attach, EntityAddress entity, Hub hub)
    {
        if (entity.Group is null || entity.Partition is null || hub.FindReaders(entity.Group, entity.Partition) is not { } group)
            throw BrokerErrors.NotFound(entity.Path);
        var terms = ReaderTerms.Read(attach, (Source)attach.Source);
        terms.Start.CheckWithin(group.Partition);
        // The service settles what it sends: a reader says how far it is by its checkpoints.
        attach.SndSettleMode = SenderSettleMode.Settled;
        var reader = new ReaderLink(link, group, terms, time);
        group.Add(reader);
        link.Serve(reader, 0);
    }

    private void OpenPublisher(BrokerLink link, Attach attach, EntityAddress entity, Hub hub)
    {
        Partition? partition = null;
        if (entity.Group is not null || (entity.Partition is { } id && (partition = hub.FindPartition(id)) is null))
            throw BrokerErrors.NotFound(entity.Path);
        if (attach.DesiredCapabilities?.Contains(Idempotent) == true)
        {
            attach.Properties = (
                partition
                ?? throw BrokerErrors.New(
                    BrokerErrors.ArgumentError,
                    "An idempotent producer sends to one partition; expected an address with /Partitions/<id>."
                )
            ).Welcome(attach.Properties);
            attach.OfferedCapabilities = [Idempotent];
        }
        link.Serve(new PublisherLink(hub, partition, options.MaxMessageBytes), PublisherLink.Credit);
    }
}
