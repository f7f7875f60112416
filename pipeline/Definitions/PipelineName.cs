using System.Buffers;

namespace Serverless.Pipeline.Definitions;

/// <summary>The names that pipelines, and so their models, can have; what a definition may say is in <c>pipeline.schema.json</c>.</summary>
public static class PipelineName
{
    private const int MaxLength = 48;
    private static readonly SearchValues<char> Letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>
    /// Whether anything can be stored under the name. For any other the answer is "not found" without asking storage, which refuses some
    /// names (too long, control characters) as a mistake of its caller.
    /// </summary>
    public static bool IsPossible(string name) => name.Length is > 0 and <= MaxLength && !name.AsSpan().ContainsAnyExcept(Letters);
}
