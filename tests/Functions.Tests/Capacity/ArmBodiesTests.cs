using System.Text.Json.Nodes;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>That the stand-in would notice a body which ARM does not take.</summary>
public sealed class ArmBodiesTests
{
    [Theory]
    [InlineData("""{"sku":{"capacity":2},"properties":{}}""", null)]
    [InlineData("""{"sku":{"capacity":2.5}}""", "$.sku.capacity is of type number")]
    [InlineData("""{"sku":{"capacity":"2"}}""", "$.sku.capacity is of type string")]
    [InlineData("""{"capacity":2}""", "$.capacity is no property")]
    [InlineData(
        """{"sku":{"capacity":2},"properties":{"orchestrationMode":"Flexible"}}""",
        "$.properties.orchestrationMode is no property"
    )]
    [InlineData("""{"sku":{"capacity":2},"etag":"1"}""", "$.etag is no property")]
    public void Mistake_Patch_IsFound(string body, string? mistake) => AssertMistake(body, ArmBodies.Update, mistake);

    [Theory]
    [InlineData("""{"instanceIds":["a","b"]}""", null)]
    [InlineData("""{}""", "$ has no instanceIds")]
    [InlineData("""{"instanceIds":"a"}""", "$.instanceIds is of type string")]
    [InlineData("""{"instanceIds":[1]}""", "$.instanceIds[0] is of type integer")]
    [InlineData("""{"instanceIds":["a"],"force":true}""", "$.force is no property")]
    public void Mistake_Delete_IsFound(string body, string? mistake) => AssertMistake(body, ArmBodies.InstanceIds, mistake);

    private static void AssertMistake(string body, ArmBodies.Shape shape, string? mistake)
    {
        var found = ArmBodies.Mistake(JsonNode.Parse(body), shape);
        Assert.StartsWith(mistake ?? "none", found ?? "none", StringComparison.Ordinal);
    }
}
