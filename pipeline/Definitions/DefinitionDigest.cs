using System.Security.Cryptography;
using System.Text.Json;

namespace Serverless.Pipeline.Definitions;

/// <summary>Says whether two definitions ask for the same: comments, order and spelled-out defaults do not count.</summary>
public static class DefinitionDigest
{
    /// <summary>SHA-256, 64 hexadecimal digits.</summary>
    public static string Of(PipelineDefinition definition)
    {
        var plain = definition with { Expectations = [.. definition.Expectations.Select(expectation => expectation with { Line = 0 })] };
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(plain, PipelineJson.Compact)));
    }
}
