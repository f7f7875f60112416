namespace Serverless.Local.Durable;

/// <summary>
/// An instance's messages to others that may not have arrived, by execution and task. It outlives the execution that made them: until the last one
/// has arrived the instance is not through.
/// </summary>
internal sealed class Outbox
{
    private Dictionary<(long Execution, int TaskId), Decision>? messages;

    public bool IsEmpty
    {
        get
        {
            lock (this)
                return messages is null;
        }
    }

    /// <summary>Takes a turn's messages in, and what has arrived out.</summary>
    public void Fold(Turn turn, bool startsChain)
    {
        lock (this)
        {
            if (startsChain)
                messages = null;
            foreach (var decision in turn.Decisions)
            {
                if (decision is SendEvent)
                    (messages ??= [])[(turn.Execution, decision.Id)] = decision;
            }
            foreach (var happened in turn.Events)
            {
                if (happened is OutboxDelivered delivered)
                    messages?.Remove((delivered.Execution, delivered.TaskId));
            }
            if (turn.Outbox is { } given)
                messages = ById(given);
            if (messages is { Count: 0 })
                messages = null;
        }
    }

    /// <summary>What an execution that ends leaves to be delivered, or null.</summary>
    public List<OutMessage>? Leave(InstanceState? state)
    {
        lock (this)
        {
            var left = Copy();
            if (state is not null)
            {
                lock (state.Unconfirmed)
                {
                    foreach (var task in state.Unconfirmed)
                    {
                        if (state.Pending.TryGetValue(task, out var start))
                            left.Add(new OutMessage(state.Execution, start));
                    }
                }
            }
            if (left.Count == 0)
                return null;
            messages = ById(left);
            return left;
        }
    }

    /// <summary>Notes that a message has arrived; true when that has to be recorded.</summary>
    public bool Confirm(InstanceState? state, long execution, int taskId)
    {
        lock (this)
        {
            state?.Confirm(taskId);
            return messages?.ContainsKey((execution, taskId)) ?? false;
        }
    }

    public List<OutMessage> Copy()
    {
        lock (this)
            return [.. (messages ?? []).Select(pair => new OutMessage(pair.Key.Execution, pair.Value))];
    }

    private static Dictionary<(long Execution, int TaskId), Decision> ById(IEnumerable<OutMessage> all) =>
        all.ToDictionary(message => (message.Execution, message.Message.Id), message => message.Message);
}
