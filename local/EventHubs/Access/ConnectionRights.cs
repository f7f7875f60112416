namespace Serverless.Local.EventHubs;

/// <summary>What the tokens of one connection open.</summary>
internal sealed class ConnectionRights(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly List<SasToken> tokens = [];

    /// <summary>Set where the connection itself was opened with the key (SASL PLAIN).</summary>
    public bool IsOpen { get; set; }

    public void Add(SasToken token)
    {
        lock (gate)
        {
            tokens.RemoveAll(t => t.Path == token.Path);
            tokens.Add(token);
        }
    }

    /// <summary>A token opens its path and everything below it.</summary>
    public bool Allows(string path)
    {
        if (IsOpen)
            return true;
        var now = time.GetUtcNow();
        lock (gate)
            return tokens.Exists(t =>
                t.Expires > now
                && (
                    t.Path.Length == 0
                    || path.Equals(t.Path, StringComparison.OrdinalIgnoreCase)
                    || path.StartsWith(t.Path + "/", StringComparison.OrdinalIgnoreCase)
                )
            );
    }
}
