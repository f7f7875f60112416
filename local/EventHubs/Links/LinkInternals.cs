using System.Runtime.CompilerServices;
using Amqp.Listener;

namespace Serverless.Local.EventHubs;

/// <summary>
/// Two members of the library's listener link that are not public. An endpoint is the only callback that hears of every flow: the public
/// callback is left out where a flow takes credit back, and the link's credit is then wrong.
/// </summary>
internal static class LinkInternals
{
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Credit")]
    public static extern uint Credit(ListenerLink link);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "InitializeLinkEndpoint")]
    public static extern void SetEndpoint(ListenerLink link, LinkEndpoint endpoint, uint credit);
}
