using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>Makes tokens of a shared access key: HMAC-SHA256 over the resource and its expiry.</summary>
internal static class SasToken
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);

    public static string Create(string resource, string keyName, string key, DateTimeOffset now)
    {
        var expiry = (now + Life).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var encoded = Uri.EscapeDataString(resource);
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{encoded}\n{expiry}"));
        return $"SharedAccessSignature sr={encoded}&sig={Uri.EscapeDataString(Convert.ToBase64String(signature))}&se={expiry}&skn={keyName}";
    }
}
