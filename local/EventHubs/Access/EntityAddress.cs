namespace Serverless.Local.EventHubs;

/// <summary>What a link's address names.</summary>
internal sealed record EntityAddress(string Path, string Hub, string? Group, string? Partition)
{
    public const string Cbs = "$cbs";
    public const string Management = "$management";

    /// <summary>The path alone: Python sends <c>amqps://host/path</c>, .NET a leading slash, npm neither.</summary>
    public static string Strip(string address)
    {
        var scheme = address.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            var slash = address.IndexOf('/', scheme + 3);
            address = slash < 0 ? "" : address[slash..];
        }
        return address.Trim('/');
    }

    /// <summary>Null when it is neither a hub, a partition nor a partition of a consumer group.</summary>
    public static EntityAddress? Parse(string address)
    {
        var path = Strip(address);
        return path.Split('/') switch
        {
            [{ Length: > 0 } hub] => new EntityAddress(path, hub, null, null),
            [{ Length: > 0 } hub, var p, var partition] when Is(p, "Partitions") => new EntityAddress(path, hub, null, partition),
            [{ Length: > 0 } hub, var g, var group, var p, var partition] when Is(g, "ConsumerGroups") && Is(p, "Partitions") =>
                new EntityAddress(path, hub, group, partition),
            _ => null,
        };
    }

    private static bool Is(string segment, string name) => segment.Equals(name, StringComparison.OrdinalIgnoreCase);
}
