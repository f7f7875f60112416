using Amqp;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>Ends links and connections without waiting for a peer that has gone.</summary>
internal static class Closing
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Returns when the peer has agreed, or after a second. Never throws.</summary>
    public static async Task CloseQuietlyAsync(this AmqpObject one)
    {
        if (one.IsClosed)
            return;
        try
        {
            // The library's own limit is not one: its task ends with the peer's answer, which may never come.
            await one.CloseAsync(Patience, null).WaitAsync(Patience);
        }
        catch (Exception e) when (HubException.From(e, "close") is not null)
        {
            // It is gone either way.
        }
    }
}
