using System.Reflection;

namespace Serverless.Local.Hosting;

/// <summary>What a Functions app is started with, besides its configuration.</summary>
internal sealed record AppOptions
{
    public string[] Arguments { get; init; } = [];

    /// <summary>The assembly that is searched for functions.</summary>
    public required Assembly Functions { get; init; }

    /// <summary>Only these classes of it; null means every public class.</summary>
    public IReadOnlyList<Type>? Classes { get; init; }

    /// <summary>Whether settings become environment variables, as with the real tools. Not where several apps share a process.</summary>
    public bool OwnsProcess { get; init; }

    /// <summary>Where <c>host.json</c>, <c>local.settings.json</c> and the data folder are; null means the current directory.</summary>
    public string? ContentRoot { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
