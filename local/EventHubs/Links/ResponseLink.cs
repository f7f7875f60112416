using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace Serverless.Local.EventHubs;

/// <summary>The way back of a request/response pair.</summary>
internal sealed class ResponseLink(ListenerLink link, string node, string? target, ResponseRoutes routes) : SendingEndpoint(link)
{
    private readonly Queue<Message> waiting = [];

    public string Node => node;

    public string? Target => target;

    public string Name => Link.Name;

    public Session Session => Link.Session;

    public void Respond(Message response)
    {
        lock (Sending)
            waiting.Enqueue(response);
        OnCredit();
    }

    public override void OnLinkClosed(ListenerLink link, Error error)
    {
        base.OnLinkClosed(link, error);
        routes.Remove(this);
    }

    protected override void OnCredit()
    {
        lock (Sending)
        {
            while (Available > 0 && waiting.TryDequeue(out var response))
                Send(response, null);
            if (waiting.Count == 0)
                CompleteDrain();
        }
    }
}

/// <summary>Finds the link for an answer.</summary>
internal sealed class ResponseRoutes
{
    private readonly Lock gate = new();
    private readonly List<ResponseLink> links = [];

    public void Add(ResponseLink link)
    {
        lock (gate)
            links.Add(link);
    }

    public void Remove(ResponseLink link)
    {
        lock (gate)
            links.Remove(link);
    }

    /// <summary>By reply-to as target address, else as link name (npm leaves the target empty), else the pair's session.</summary>
    public ResponseLink? Find(string node, string? replyTo, Session session)
    {
        lock (gate)
            return links.Find(l => l.Node == node && replyTo is not null && l.Target == replyTo)
                ?? links.Find(l => l.Node == node && replyTo is not null && l.Name == replyTo)
                ?? links.Find(l => l.Node == node && l.Session == session);
    }
}
