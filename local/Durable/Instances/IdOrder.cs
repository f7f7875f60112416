namespace Serverless.Local.Durable;

/// <summary>
/// The order of ids in pages: by code points, which is the order of their UTF-8 bytes and so the index's. The ordinal order of strings differs
/// from it for characters beyond U+FFFF alone.
/// </summary>
internal sealed class IdOrder : IComparer<string>
{
    /// <summary>The last first.</summary>
    public static IdOrder Backwards { get; } = new();

    public static int Compare(string a, string b)
    {
        var same = a.AsSpan().CommonPrefixLength(b);
        if (same == a.Length || same == b.Length)
            return a.Length - b.Length;
        return Rank(a[same]) - Rank(b[same]);
    }

    int IComparer<string>.Compare(string? a, string? b) => Compare(b!, a!);

    // Halves of a pair lie before U+E000, but what they make lies behind it.
    private static int Rank(char one) => char.IsSurrogate(one) ? one + 0x10000 : one;
}
