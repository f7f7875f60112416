using System.Buffers;

namespace Serverless.Local.Durable;

/// <summary>Ids the real task hub takes: up to 100 characters, none that a table key refuses, no '@' in front.</summary>
internal static class InstanceIds
{
    public const int MaxLength = 100;

    private static readonly SearchValues<char> Refused = SearchValues.Create("/\\#?");

    public static void Check(string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        if (id.Length > MaxLength)
            throw new ArgumentException(
                $"The instance id '{id}' has {id.Length} characters; at most {MaxLength} are allowed. Take a hash of it."
            );
        if (id[0] == '@')
            throw new ArgumentException(
                $"The instance id '{id}' begins with '@', which is reserved for entities. Take another first character."
            );
        if (id.AsSpan().IndexOfAny(Refused) is var at and >= 0)
            throw new ArgumentException($"The instance id '{id}' has '{id[at]}' at position {at}; '/', '\\', '#' and '?' are not allowed.");
        for (var i = 0; i < id.Length; i++)
        {
            var one = id[i];
            // On the disk it would be another id.
            if (
                char.IsSurrogate(one)
                && !(i + 1 < id.Length && char.IsSurrogatePair(one, id[i + 1]))
                && !(i > 0 && char.IsSurrogatePair(id[i - 1], one))
            )
                throw new ArgumentException($"The instance id has half of a surrogate pair at position {i}, which is no character.");
            if (char.IsControl(one))
                throw new ArgumentException($"The instance id has the control character U+{(int)one:X4}, which is not allowed.");
        }
    }
}
