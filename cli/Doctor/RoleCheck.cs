using Serverless.Cli.Stack;

namespace Serverless.Cli.Doctor;

/// <summary>
/// The rights of the app, the workers and the Event Grid topic, as <c>az role assignment list --all</c> writes them, beside those that the
/// template gives. The file does not say who is who: each is the one who has most of the rights that are expected of it.
/// </summary>
internal sealed class RoleCheck(IReadOnlyList<RoleAssignment> assignments)
{
    private const string Check = "roles";

    /// <param name="file">The list.</param>
    /// <param name="streaming">Whether the app reads events; false looks for rights on hubs only where there are some.</param>
    /// <exception cref="StackException">The file is missing or is no such list.</exception>
    public static IReadOnlyList<Finding> Run(string file, bool streaming) => new RoleCheck(RoleAssignment.Read(file)).Run(streaming);

    public IReadOnlyList<Finding> Run(bool streaming)
    {
        // What only a deployment of ours has; a subscription may hold several, each in a group of its own.
        var groups = assignments
            .Where(one => one.Role == ExpectedRoles.Scaler || one.Part is "queue drop-events" or "queue job-events")
            .Select(one => one.Group)
            .OfType<string>()
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToList();
        return groups.Count == 0
            ?
            [
                Finding.Error(
                    Check,
                    $"{assignments.Count} assignments, none of a deployment of this system",
                    "Was it the right subscription (az account show)? List them all: az role assignment list --all -o json. Else deploy the template again."
                ),
            ]
            : [.. groups.SelectMany(group => OfGroup(group, streaming))];
    }

    private IEnumerable<Finding> OfGroup(string group, bool streaming)
    {
        var check = $"{Check} in {group}";
        var here = assignments.Where(one => one.Group == group).ToList();
        var data = here.Find(one => one.Part is "queue drop-events" or "queue job-events" or "queue jobs-cpu")?.Account;
        var host = here.Find(one => one.Part is "container packages" or "container undelivered-events")?.Account;
        var hubs = streaming || here.Exists(one => one.Text(host, data).EndsWith(" on Event Hubs", StringComparison.Ordinal));
        var expected = ExpectedRoles.Always.ToDictionary(
            holder => holder.Key,
            holder =>
                (IReadOnlyList<string>)(
                    holder.Key == ExpectedRoles.App && hubs ? [.. holder.Value, .. ExpectedRoles.Streaming] : holder.Value
                )
        );
        var held = here.GroupBy(one => one.Principal)
            .ToDictionary(one => one.Key, one => one.Select(each => each.Text(host, data)).ToHashSet());
        var holders = WhoIsWho(expected, held);
        var (right, wrong) = (0, false);
        foreach (var (holder, roles) in expected)
        {
            var has = holders.TryGetValue(holder, out var principal) ? held[principal] : [];
            var missing = roles.Where(role => !has.Contains(role)).ToList();
            right += roles.Count - missing.Count;
            if (missing.Count > 0)
            {
                wrong = true;
                yield return Finding.Error(
                    check,
                    $"missing for {holder}{(has.Count == 0 ? ", who has no right at all" : "")}: {string.Join("; ", missing)}",
                    "Deploy the template again, by somebody who may assign roles (Owner, or User Access Administrator beside Contributor)."
                );
            }

            // Everywhere, not in this group alone: a right on the subscription is one on all that is in it.
            var more = assignments.Where(one => one.Principal == principal && !roles.Contains(one.Text(host, data))).ToList();
            if (more.Count > 0)
            {
                wrong = true;
                yield return Finding.Warning(
                    check,
                    $"more than the template gives, for {holder}: {string.Join("; ", more.Select(one => one.Text(host, data)))}",
                    $"Take it away if nobody knows what for: az role assignment delete --assignee {principal} --role ROLE --scope SCOPE."
                );
            }
        }

        if (!wrong)
        {
            yield return Finding.Ok(check, $"{right} there, and no more: the app, the workers, the Event Grid topic");
        }
    }

    private static Dictionary<string, string> WhoIsWho(
        Dictionary<string, IReadOnlyList<string>> expected,
        Dictionary<string, HashSet<string>> held
    )
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        var likely =
            from holder in expected
            from principal in held
            let fits = holder.Value.Count(principal.Value.Contains)
            where fits > 0
            // The share, so that a topic with both of its two rights is it before the app with two of many; then the number.
            orderby (double)fits / holder.Value.Count descending, fits descending, principal.Key
            select (Holder: holder.Key, Principal: principal.Key);
        foreach (var (holder, principal) in likely)
        {
            if (!found.ContainsKey(holder) && !found.ContainsValue(principal))
            {
                found[holder] = principal;
            }
        }

        return found;
    }
}
