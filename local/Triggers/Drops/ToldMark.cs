using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Storage.Queues;

namespace Serverless.Local.Triggers.Drops;

/// <summary>
/// The number of the last message, kept in the metadata of the queue it was sent to. A killed Azurite goes back some seconds; its queue's
/// metadata goes back with its messages, so a mark below our own number says from which message on they are gone.
/// </summary>
internal sealed class ToldMark(QueueClient queue, string seenPath)
{
    // Several apps may watch for one queue; each has its own files.
    private readonly string _name =
        "told" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(seenPath))).AsSpan(0, 8));

    public async Task<long> ReadAsync(CancellationToken cancellationToken)
    {
        var properties = await queue.GetPropertiesAsync(cancellationToken);
        return
            properties.Value.Metadata.TryGetValue(_name, out var text)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;
    }

    public async Task WriteAsync(long number, CancellationToken cancellationToken)
    {
        // Metadata is written as a whole: what others keep there stays.
        var properties = await queue.GetPropertiesAsync(cancellationToken);
        var metadata = new Dictionary<string, string>(properties.Value.Metadata, StringComparer.OrdinalIgnoreCase)
        {
            [_name] = number.ToString(CultureInfo.InvariantCulture),
        };
        await queue.SetMetadataAsync(metadata, cancellationToken);
    }
}
