using Serverless.Cli.Stack;
using Serverless.Cli.Streaming;

namespace Serverless.Cli.Tests.Streaming;

public sealed class HubAccessTests
{
    private const string Text = "Endpoint=sb://keyed.example.net;SharedAccessKeyName=k;SharedAccessKey=s";

    [Theory]
    [InlineData(Text, null, null, null, "keyed.example.net")]
    [InlineData(null, "named.example.net", Text, null, "named.example.net")]
    [InlineData(null, null, Text, "set.example.net", "keyed.example.net")]
    [InlineData(null, null, null, "set.example.net", "set.example.net")]
    [InlineData(null, null, null, null, "here.example.net")]
    public async Task Open_WhatIsNamedFirst_IsSpokenTo(
        string? connection,
        string? host,
        string? variable,
        string? setNamespace,
        string expected
    )
    {
        await using var connections = HubAccess.Open(
            connection,
            host,
            Settings(variable, setNamespace),
            () => Text.Replace("keyed", "here")
        );

        Assert.Equal((expected, 5671), (connections.Target.Host, connections.Target.Port));
    }

    [Theory]
    [InlineData(Text, "named.example.net", "Both --connection and --namespace")]
    [InlineData(null, "sb://named.example.net", "expected a host name such as NAME.servicebus.windows.net")]
    [InlineData("Endpoint=sb://keyed.example.net", null, "has no SharedAccessKeyName")]
    [InlineData(null, null, "No hubs run here")]
    public void Open_WhatCannotBeUsed_IsRefusedWithTheReason(string? connection, string? host, string reason)
    {
        var refused = Assert.Throws<StackException>(() => HubAccess.Open(connection, host, Settings(null, null), () => null));

        Assert.Contains(reason, refused.Message);
    }

    private static Func<string, string?> Settings(string? connection, string? host) =>
        name =>
            name == HubAccess.Variable ? connection
            : name == HubAccess.NamespaceVariable ? host
            : null;
}
