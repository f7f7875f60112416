using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Serverless.Local.EventHubs;

namespace Serverless.Local.Tests.EventHubs;

public sealed class TokenTests
{
    private const string Key = "SAS_KEY_VALUE";

    private static readonly DateTimeOffset Now = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Rights_TokenRunsOut_AreGoneUntilAnotherIsShown()
    {
        var time = new FakeTimeProvider(Now);
        var rights = new ConnectionRights(time);
        rights.Add(SasToken.Check(Token("sb://localhost/events", Now.AddMinutes(5)), "policy", Key, time.GetUtcNow()));
        Assert.True(rights.Allows("events/Partitions/0"));
        Assert.False(rights.Allows("eventsother"));

        time.Advance(TimeSpan.FromMinutes(6));
        Assert.False(rights.Allows("events/Partitions/0"));

        rights.Add(SasToken.Check(Token("sb://localhost/events", Now.AddMinutes(20)), "policy", Key, time.GetUtcNow()));
        Assert.True(rights.Allows("events/Partitions/0"));
    }

    [Fact]
    public void Check_TokenThatHasRunOut_IsRefused()
    {
        var refused = Assert.Throws<UnauthorizedAccessException>(() =>
            SasToken.Check(Token("sb://localhost/events", Now), "policy", Key, Now.AddSeconds(1))
        );

        Assert.StartsWith("ExpiredToken", refused.Message);
    }

    private static string Token(string resource, DateTimeOffset expires)
    {
        var (path, end) = (Uri.EscapeDataString(resource), expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), Encoding.UTF8.GetBytes($"{path}\n{end}")));
        return $"SharedAccessSignature sr={path}&sig={Uri.EscapeDataString(signature)}&se={end}&skn=policy";
    }
}
