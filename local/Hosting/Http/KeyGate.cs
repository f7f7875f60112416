using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Serverless.Local.Hosting.Http;

/// <summary>Lets a request through when its key fits the level, as the platform does (Core Tools ask for no key; this runtime does).</summary>
internal sealed class KeyGate(FunctionKeys keys)
{
    private readonly string[] _functions = [.. keys.Functions.Values];
    private readonly string[] _systems = [.. keys.Systems.Values];

    /// <summary>Opens the management API of Durable; null when <c>keys.json</c> has none.</summary>
    public string? DurableKey { get; } = keys.Systems.GetValueOrDefault(FunctionKeys.DurableExtension);

    /// <summary>The keys of one function alone; null where it has none.</summary>
    public string[]? KeysOf(string function)
    {
        // As with most apps: the start of one must not pay for what it does not have.
        if (keys.OfFunctions.Count == 0)
            return null;
        foreach (var (name, own) in keys.OfFunctions)
        {
            if (string.Equals(name, function, StringComparison.OrdinalIgnoreCase))
                return [.. own.Values];
        }
        return null;
    }

    public bool Allows(HttpRequest request, AuthorizationLevel level, string[]? own = null)
    {
        if (level == AuthorizationLevel.Anonymous)
            return true;
        string? key = request.Headers["x-functions-key"];
        if (string.IsNullOrEmpty(key))
            key = request.Query["code"];
        if (string.IsNullOrEmpty(key))
            return false;
        return Same(key, keys.MasterKey)
            || (level == AuthorizationLevel.Function && (Any(_functions, key) || (own is not null && Any(own, key))))
            || (level == AuthorizationLevel.System && Any(_systems, key));
    }

    /// <summary>Answers 401 and says where a key is to be had.</summary>
    public static Task RefuseAsync(HttpContext http, AuthorizationLevel level)
    {
        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(
            $"This needs a key of level {level}: send it in the header x-functions-key or as ?code=. Local keys are in .serverless/keys.json beside the app.\n",
            http.RequestAborted
        );
    }

    private static bool Any(string[] known, string key)
    {
        foreach (var candidate in known)
        {
            if (Same(key, candidate))
                return true;
        }
        return false;
    }

    private static bool Same(string left, string right) =>
        CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(left.AsSpan()), MemoryMarshal.AsBytes(right.AsSpan()));
}
