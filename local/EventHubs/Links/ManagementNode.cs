using System.Globalization;
using Amqp;
using Amqp.Types;

namespace Serverless.Local.EventHubs;

/// <summary><c>$management</c>: what a hub and its partitions are like now.</summary>
internal sealed class ManagementNode(EventHubsOptions options, HubSet hubs, ConnectionRights rights, TimeProvider time)
{
    private const string HubType = "com.microsoft:eventhub";
    private const string PartitionType = "com.microsoft:partition";

    public Response Answer(Message request)
    {
        var asked = request.ApplicationProperties;
        var name = asked?["name"] as string ?? "";
        if (asked?["operation"] as string != "READ")
            return new Response(400, $"The operation '{asked?["operation"]}' is not known; expected READ.", ErrorCode.NotImplemented);
        if (!IsAllowed(asked["security_token"] as string, name))
            return new Response(
                401,
                $"Unauthorized access. 'Listen' claim(s) are required to perform this operation. Resource: 'sb://localhost/{name}'.",
                ErrorCode.UnauthorizedAccess
            );
        if (hubs.Find(name) is not { } hub)
            return Missing(name);
        switch (asked["type"] as string)
        {
            case HubType:
                return Found(Describe(hub));
            case PartitionType:
                var id = Convert.ToString(asked["partition"], CultureInfo.InvariantCulture) ?? "";
                return hub.FindPartition(id) is { } partition ? Found(Describe(hub, partition)) : Missing($"{name}/Partitions/{id}");
            default:
                return new Response(
                    400,
                    $"The type '{asked["type"]}' is not known; expected {HubType} or {PartitionType}.",
                    ErrorCode.NotImplemented
                );
        }
    }

    private static Response Found(Map map) => new(200, "OK", null, map);

    private static Response Missing(string entity) => new(404, $"The messaging entity '{entity}' could not be found.", ErrorCode.NotFound);

    private static Map Describe(Hub hub) =>
        new()
        {
            ["name"] = hub.Name,
            ["type"] = HubType,
            ["created_at"] = hub.CreatedAt.UtcDateTime,
            ["partition_count"] = hub.Partitions.Count,
            ["partition_ids"] = hub.Partitions.Select(p => p.Id).ToArray(),
            ["georeplication_factor"] = 1,
        };

    private bool IsAllowed(string? token, string hub)
    {
        if (token is null)
            return rights.Allows(hub);
        try
        {
            var one = new ConnectionRights(time);
            one.Add(SasToken.Check(token, options.KeyName, options.Key, time.GetUtcNow()));
            return one.Allows(hub);
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private Map Describe(Hub hub, Partition partition)
    {
        var last = partition.Last;
        var first = partition.FirstSequence;
        return new Map
        {
            ["name"] = hub.Name,
            ["type"] = PartitionType,
            ["partition"] = partition.Id,
            ["begin_sequence_number"] = first,
            ["last_enqueued_sequence_number"] = last.Sequence,
            ["last_enqueued_offset"] = last.Offset.ToString(CultureInfo.InvariantCulture),
            ["last_enqueued_time_utc"] =
                last.Sequence < 0 ? DateTime.MinValue : DateTimeOffset.FromUnixTimeMilliseconds(last.Enqueued).UtcDateTime,
            ["is_partition_empty"] = last.Sequence < first,
            ["runtime_info_retrieval_time_utc"] = time.GetUtcNow().UtcDateTime,
        };
    }
}
