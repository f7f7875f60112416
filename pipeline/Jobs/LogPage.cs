using System.Text;

namespace Serverless.Pipeline.Jobs;

/// <summary>A part of a job's log.</summary>
/// <param name="Claim">Whose log it is, 1 is the first claim.</param>
/// <param name="Claims">How many claims there were; the last one may still write.</param>
/// <param name="Next">Bytes up to the end of this part: where the next one begins.</param>
/// <param name="Text">Whole lines; empty when there are no more yet.</param>
public sealed record LogPage(int Claim, int Claims, long Next, string Text)
{
    /// <summary>Longest part, bytes.</summary>
    public const int MaxBytes = 1 << 20;

    internal static LogPage Of(int claim, int claims, long after, ReadOnlySpan<byte> bytes)
    {
        // The blob ends with a line; a full page may not.
        var whole = bytes.LastIndexOf((byte)'\n') + 1;
        var taken = whole > 0 ? bytes[..whole] : bytes;
        return new LogPage(claim, claims, after + taken.Length, Encoding.UTF8.GetString(taken));
    }
}
