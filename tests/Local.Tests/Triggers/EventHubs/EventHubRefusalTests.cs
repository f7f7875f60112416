using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Serverless.Local.Tests.Hosting;
using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers.EventHubs;

/// <summary>What cannot work is said at the start, with what to do.</summary>
public sealed class EventHubRefusalTests
{
    private const string Hub = "Endpoint=sb://localhost;SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true;";

    [Theory]
    [InlineData(typeof(NotAnArray), "cannot bind parameter 'body'", "IsBatched = false")]
    [InlineData(typeof(AnArrayForOne), "cannot bind parameter 'bodies'", "IsBatched = false")]
    [InlineData(typeof(NoConnection), "names no connection", "EventHubConnection")]
    [InlineData(typeof(UnknownConnection), "'Nowhere' does not exist", "UseDevelopmentEmulator=true")]
    [InlineData(typeof(BrokenConnection), "connection 'Broken'", "SharedAccessKey")]
    [InlineData(typeof(IdentityWithoutNamespace), "has Nobody__credential", "Nobody__fullyQualifiedNamespace")]
    [InlineData(typeof(IdentityAtNoHost), "'no host' is no Event Hubs namespace", "NAME.servicebus.windows.net")]
    [InlineData(typeof(IdentityOfAnotherKind), "'Kind__credential' is 'workload'", "expected managedidentity")]
    [InlineData(typeof(SecretWithoutTenant), "'Secret__clientSecret' is there without tenantId", "Secret__tenantId")]
    [InlineData(typeof(SendsEventData), "cannot send EventData[]", "Return string")]
    [InlineData(typeof(SendsNowhere), "'Nowhere' does not exist", "UseDevelopmentEmulator=true")]
    public void Build_FunctionThatCannotWork_SaysWhatAndWhatToDo(Type function, string what, string advice)
    {
        var refused = Assert.Throws<InvalidOperationException>(() => Build([], function));

        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
        Assert.Contains(advice, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_DisabledFunctionWithoutItsConnection_Starts() =>
        Build(new() { ["AzureWebJobs.UnknownConnection.Disabled"] = "true" }, typeof(UnknownConnection));

    [Fact]
    public void Build_ConnectionOfAnIdentity_Starts() => Build([], typeof(IdentityConnection));

    [Theory]
    [InlineData("maxEventBatchSize", "0")]
    [InlineData("minEventBatchSize", "101")]
    [InlineData("maxWaitTime", "soon")]
    [InlineData("initialOffsetOptions__type", "fromSomewhere")]
    public void Build_HostSettingOutOfRange_SaysWhichAndWhatIsExpected(string key, string value)
    {
        var refused = Assert.Throws<InvalidOperationException>(() =>
            Build(
                new() { [$"AzureFunctionsJobHost:extensions:eventHubs:{key.Replace("__", ":", StringComparison.Ordinal)}"] = value },
                typeof(Fine)
            )
        );

        Assert.Contains(key.Replace("__", ".", StringComparison.Ordinal), refused.Message, StringComparison.Ordinal);
        Assert.Contains("expected", refused.Message, StringComparison.Ordinal);
    }

    private static void Build(Dictionary<string, string?> more, Type function)
    {
        using var folder = new TestFolder();
        var builder = TestApp.Builder(folder.Path, function);
        more["AzureWebJobsStorage"] = "UseDevelopmentStorage=true";
        more["Hubs"] = Hub;
        more["Broken"] = "Endpoint=sb://localhost;SharedAccessKeyName=k";
        more["Identity:fullyQualifiedNamespace"] = "x.servicebus.windows.net";
        more["Nobody:credential"] = "managedidentity";
        more["Place:fullyQualifiedNamespace"] = "no host";
        more["Kind:fullyQualifiedNamespace"] = "x.servicebus.windows.net";
        more["Kind:credential"] = "workload";
        more["Secret:fullyQualifiedNamespace"] = "x.servicebus.windows.net";
        more["Secret:clientId"] = "c";
        more["Secret:clientSecret"] = "s";
        builder.Configuration.AddInMemoryCollection(more);
        using var host = builder.Build();
    }

    public sealed class Fine
    {
        [Function("Fine")]
        public void Run([EventHubTrigger("in", Connection = "Hubs")] string[] bodies) { }
    }

    public sealed class NotAnArray
    {
        [Function("NotAnArray")]
        public void Run([EventHubTrigger("in", Connection = "Hubs")] string body) { }
    }

    public sealed class AnArrayForOne
    {
        [Function("AnArrayForOne")]
        public void Run([EventHubTrigger("in", Connection = "Hubs", IsBatched = false)] string[] bodies) { }
    }

    public sealed class NoConnection
    {
        [Function("NoConnection")]
        public void Run([EventHubTrigger("in")] string[] bodies) { }
    }

    public sealed class UnknownConnection
    {
        [Function("UnknownConnection")]
        public void Run([EventHubTrigger("in", Connection = "Nowhere")] string[] bodies) { }
    }

    public sealed class BrokenConnection
    {
        [Function("BrokenConnection")]
        public void Run([EventHubTrigger("in", Connection = "Broken")] string[] bodies) { }
    }

    public sealed class IdentityConnection
    {
        [Function("IdentityConnection")]
        public void Run([EventHubTrigger("in", Connection = "Identity")] string[] bodies) { }
    }

    public sealed class IdentityWithoutNamespace
    {
        [Function("IdentityWithoutNamespace")]
        public void Run([EventHubTrigger("in", Connection = "Nobody")] string[] bodies) { }
    }

    public sealed class IdentityAtNoHost
    {
        [Function("IdentityAtNoHost")]
        public void Run([EventHubTrigger("in", Connection = "Place")] string[] bodies) { }
    }

    public sealed class IdentityOfAnotherKind
    {
        [Function("IdentityOfAnotherKind")]
        [EventHubOutput("out", Connection = "Kind")]
        public string Run([EventHubTrigger("in", Connection = "Hubs")] string[] bodies) => "";
    }

    public sealed class SecretWithoutTenant
    {
        [Function("SecretWithoutTenant")]
        public void Run([EventHubTrigger("in", Connection = "Secret")] string[] bodies) { }
    }

    public sealed class SendsEventData
    {
        [Function("SendsEventData")]
        [EventHubOutput("out", Connection = "Hubs")]
        public EventData[] Run([EventHubTrigger("in", Connection = "Hubs")] string[] bodies) => [];
    }

    public sealed class SendsNowhere
    {
        [Function("SendsNowhere")]
        [EventHubOutput("out", Connection = "Nowhere")]
        public string Run([EventHubTrigger("in", Connection = "Hubs")] string[] bodies) => "";
    }
}
