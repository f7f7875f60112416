using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Serverless.Local.EventHubs;

/// <summary>A shared access signature: what it opens, and until when.</summary>
internal sealed record SasToken(string Path, DateTimeOffset Expires)
{
    private const string Prefix = "SharedAccessSignature ";

    /// <exception cref="UnauthorizedAccessException">Not a token of this key, or past its time; the text is the service's.</exception>
    public static SasToken Check(string token, string keyName, string key, DateTimeOffset now)
    {
        if (!token.StartsWith(Prefix, StringComparison.Ordinal))
            throw new UnauthorizedAccessException(
                "InvalidToken: the token is not a SharedAccessSignature. The local broker takes no other."
            );
        var parts = token[Prefix.Length..]
            .Split('&')
            .Select(p => p.Split('=', 2))
            .Where(p => p.Length == 2)
            .GroupBy(p => p[0], StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.First()[1], StringComparer.Ordinal);
        if (
            !parts.TryGetValue("sr", out var resource)
            || !parts.TryGetValue("sig", out var signature)
            || !parts.TryGetValue("se", out var expiry)
        )
            throw new UnauthorizedAccessException("MalformedToken: expected sr, sig, se and skn.");
        if (Uri.UnescapeDataString(parts.GetValueOrDefault("skn", "")) != keyName)
            throw new UnauthorizedAccessException("InvalidSignature: the token is of a shared access key name that is not configured.");
        if (
            !long.TryParse(expiry, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds()
        )
            throw new UnauthorizedAccessException("MalformedToken: se is not a number of seconds.");
        // The resource is signed as it was sent, url-encoded.
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{resource}\n{expiry}"));
        Span<byte> given = stackalloc byte[64];
        if (
            !Convert.TryFromBase64String(Uri.UnescapeDataString(signature), given, out var length)
            || !CryptographicOperations.FixedTimeEquals(expected, given[..length])
        )
            throw new UnauthorizedAccessException("InvalidSignature: The token has an invalid signature.");
        var expires = DateTimeOffset.FromUnixTimeSeconds(seconds);
        if (expires <= now)
            throw new UnauthorizedAccessException($"ExpiredToken: The token is expired. Expiration time: {expires:O}.");
        return new SasToken(EntityAddress.Strip(Uri.UnescapeDataString(resource)), expires);
    }
}
