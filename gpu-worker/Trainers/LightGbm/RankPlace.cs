using System.Security.Cryptography;
using System.Text;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>
/// A rank's place among those that train one model. Rank 0 decides when training has ended, so that no two ranks can judge a loss differently; the
/// others grow trees until it has gone.
/// </summary>
/// <param name="Rank">From 0.</param>
/// <param name="Ranks">2 or more.</param>
/// <param name="Connect">Waits for the others and links with them: called when this rank's rows are binned.</param>
/// <param name="Check">Given a round and the digest of the trees at it, in the same rounds on every rank.</param>
internal sealed record RankPlace(int Rank, int Ranks, Action Connect, Action<int, string> Check)
{
    /// <summary>At 16, 32, 64, ...: the text of all trees is made for it, so it is not done every round.</summary>
    public static bool IsChecked(int round) => round >= 16 && int.IsPow2(round);

    public bool Decides => Rank == 0;

    /// <summary>What tells whether two ranks hold the same trees: SHA-256 of the texts of all boosters, hexadecimal.</summary>
    public static string Digest(IReadOnlyList<string> segments) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', segments))));
}

/// <summary>The others have gone: rank 0 because training has ended, or one that was lost.</summary>
/// <param name="rounds">Whole rounds that this rank holds.</param>
/// <param name="digest">Of its trees.</param>
/// <param name="cause">What LightGBM said.</param>
internal sealed class RanksGoneException(int rounds, string digest, Exception cause)
    : Exception($"The other ranks have gone after round {rounds}: {cause.Message}", cause)
{
    public int Rounds => rounds;

    public string Digest => digest;
}
