using System.Collections;
using Azure.Storage.Queues;
using Serverless.Local.Hosting.Binding;

namespace Serverless.Local.Hosting;

/// <summary>A storage queue; made when it is absent.</summary>
internal sealed class QueueOutput(QueueClient queue, JsonInput json) : IOutput
{
    public async Task SendAsync(object value, CancellationToken cancellationToken)
    {
        foreach (var message in Messages(value))
            await SendAsync(message, cancellationToken);
    }

    private async Task SendAsync(BinaryData message, CancellationToken cancellationToken)
    {
        try
        {
            await queue.SendMessageAsync(message, cancellationToken: cancellationToken);
        }
        catch (Azure.RequestFailedException e) when (e.Status == 404)
        {
            await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await queue.SendMessageAsync(message, cancellationToken: cancellationToken);
        }
    }

    private IEnumerable<BinaryData> Messages(object? value) =>
        value switch
        {
            null => [],
            string text => [BinaryData.FromString(text)],
            byte[] bytes => [BinaryData.FromBytes(bytes)],
            BinaryData data => [data],
            IEnumerable many => many.Cast<object?>().SelectMany(Messages),
            _ => [json.Write(value)],
        };
}
