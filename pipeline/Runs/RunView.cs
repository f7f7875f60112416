using Serverless.Pipeline.Costs;

namespace Serverless.Pipeline.Runs;

public enum RunState
{
    Pending,
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

/// <summary>A run as <c>GET /api/runs/{runId}</c> gives it.</summary>
public sealed record RunView
{
    public required string RunId { get; init; }

    public required string Pipeline { get; init; }

    public required string File { get; init; }

    public required RunState State { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public IReadOnlyList<StageStatus> Stages { get; init; } = [];

    public string? JobId { get; init; }

    public string? DataVersion { get; init; }

    public long? Rows { get; init; }

    public int? ModelVersion { get; init; }

    public bool Deployed { get; init; }

    public string? Verdict { get; init; }

    public string? Failure { get; init; }

    /// <summary>What the run's job used and cost so far; only where one run is asked for.</summary>
    public JobCosts? Compute { get; init; }
}

/// <summary>The id of a run, and of its orchestration.</summary>
public static class RunId
{
    /// <summary>Whether a run can have this id: anything else is asked of no store.</summary>
    public static bool IsPossible(string runId) =>
        runId.Length is > 0 and <= 100 && runId.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    /// <summary>
    /// <c>{pipeline}-{16 hexadecimal digits}</c> over the file's content, the held-out file's content and the definition: the same
    /// file dropped twice makes one run, a changed definition a new one. An occasion other than a drop makes one of its own.
    /// </summary>
    public static string Of(string pipeline, string sourceHash, string? testHash, string definitionDigest, string? occasion = null)
    {
        var all = System.Text.Encoding.UTF8.GetBytes(
            $"{sourceHash}\n{testHash}\n{definitionDigest}{(occasion is null ? "" : $"\n{occasion}")}"
        );
        return $"{pipeline}-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(all))[..16]}";
    }
}
