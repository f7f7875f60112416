using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Serverless.Local.Hosting.Durable;

namespace Serverless.Local.Hosting.Binding;

/// <summary>The client of the app's task hub; a function that asks for it waits until the engine has started.</summary>
internal sealed class DurableClientSource(DurableHost durable)
{
    public ParameterSource? For(DurableClientAttribute attribute, Type type)
    {
        if (type != typeof(DurableTaskClient))
            return null;
        if (attribute.ConnectionName is not null || (attribute.TaskHub is { } hub && hub != durable.Options.HubName))
            return null;
        durable.Needed = true;
        return ParameterSource.Awaited(Client);
    }

    private ValueTask<object?> Client(Invocation invocation)
    {
        var client = durable.ClientAsync(invocation.CancellationToken);
        return client.IsCompletedSuccessfully ? new(client.Result) : Wait(client);

        static async ValueTask<object?> Wait(ValueTask<DurableTaskClient> client) => await client;
    }
}
