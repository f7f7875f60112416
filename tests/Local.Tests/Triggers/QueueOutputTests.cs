using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers;

[Collection(nameof(QueueTest))]
public sealed class QueueOutputTests(AzuriteFixture azurite) : QueueTest(azurite)
{
    [Fact]
    public async Task QueueOutput_ReturnAndProperty_AreSentAsBase64()
    {
        await using var app = await StartAsync(typeof(Sends));
        Assert.Equal("answer", await app.Client.GetStringAsync("/api/Answers", Stop));
        using var response = await app.Client.GetAsync("/api/Returns", Stop);
        Assert.Equal("", await response.Content.ReadAsStringAsync(Stop));
        foreach (var expected in (string[])["returned", "property", """{"name":"x","size":1}"""])
            await Eventually.HoldsAsync(() => Of("sent").Contains(expected, StringComparer.OrdinalIgnoreCase), expected, Stop);
    }

    public sealed class Sends
    {
        [Function("Returns"), QueueOutput("sent")]
        public string Returns([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => "returned";

        [Function("Answers")]
        public Answer Answers([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
            new()
            {
                Text = ["property"],
                Item = new Item("x", 1),
                Response = "answer",
            };

        [Function("Receives")]
        public void Receives([QueueTrigger("sent")] string message) => Of("sent").Enqueue(message);
    }

    public sealed class Answer
    {
        [QueueOutput("sent")]
        public string[] Text { get; init; } = [];

        [QueueOutput("sent")]
        public Item? Item { get; init; }

        [HttpResult]
        public string Response { get; init; } = "";
    }
}
