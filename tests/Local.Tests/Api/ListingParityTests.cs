using Microsoft.Azure.Functions.Worker;
using Serverless.Testing;

namespace Serverless.Local.Tests.Api;

/// <summary>Holds the public surface of the runtime inside that of the published packages.</summary>
public sealed class ListingParityTests
{
    [Fact]
    public void PublicSurface_EveryTypeAndMember_IsInTheListingOfThePublishedPackages()
    {
        var listing = Listing.Read();
        var problems = new List<string>();
        foreach (var type in typeof(FunctionAttribute).Assembly.GetExportedTypes())
            Compare(type, listing, problems);
        Assert.True(problems.Count == 0, $"{problems.Count} differences:\n{string.Join('\n', problems)}");
    }

    /// <summary>Of a bare type parameter the listing does not say whether it may be null: in these members of the packages it may, in no other.</summary>
    [Fact]
    public void PublicSurface_TypeParameters_AreNullableWhereThePublishedOnesAre()
    {
        var nullable = typeof(FunctionAttribute)
            .Assembly.GetExportedTypes()
            .SelectMany(type => BareNullables.Of(type).Select(member => $"{type.Name}.{member}"))
            .Order(StringComparer.Ordinal);
        Assert.Equal<string[]>(
            [
                "DataConverter.Deserialize",
                "HttpRequestDataExtensions.ReadFromJsonAsync",
                "HttpRequestDataExtensions.ReadFromJsonAsync",
                "IInvocationFeatures.Get",
                "InvocationResult`1.Value",
                "OrchestrationMetadata.ReadCustomStatusAs",
                "OrchestrationMetadata.ReadInputAs",
                "OrchestrationMetadata.ReadOutputAs",
                "TaskOrchestrationContext.GetInput",
            ],
            nullable.ToArray()
        );
        Assert.Equal(["Value"], BareNullables.Of(typeof(Sample<>)));
    }

    [Fact]
    public void Listings_BesideTheFactSheets_AreTheirs()
    {
        var facts = Path.GetFullPath(Path.Combine(RepositoryRoot.Path, "..", "shared", "facts", "azure-api"));
        Assert.SkipUnless(Directory.Exists(facts), "../shared/facts/azure-api is not beside the repository; nothing to compare with.");
        foreach (var file in Directory.EnumerateFiles(facts, "*.txt"))
            Assert.Equal(File.ReadAllText(file), File.ReadAllText(Path.Combine(Listing.Folder, Path.GetFileName(file))));
    }

    [Fact]
    public void Signature_OfMembersOfEveryKind_IsWrittenAsInTheListing()
    {
        Assert.Equal(
            "abstract class Sample<T> : SampleRoot",
            Signature.Header(typeof(Sample<>)).Replace("Serverless.Local.Tests.Api.", "", StringComparison.Ordinal)
        );
        var members = Signature.Members(typeof(Sample<>)).ToHashSet(StringComparer.Ordinal);
        Assert.Superset(
            new HashSet<string>(StringComparer.Ordinal)
            {
                "new(string? name = default)",
                "string? Name { get; init; }",
                "T Value { get; set; }",
                "static int Count",
                "abstract Task<IReadOnlyList<object?>> RunAsync(TimeSpan? after, params string[] names)",
                "virtual bool IsLast(int page = 100, bool all = True)",
                "protected virtual void Close()",
            },
            members
        );
    }

    private static void Compare(Type type, Listing listing, List<string> problems)
    {
        var header = Signature.Header(type);
        if (!listing.Types.TryGetValue(Signature.Key(header), out var known))
        {
            problems.Add($"{header}: not in the listing, so it must not be public");
            return;
        }
        if (!known.Headers.Contains(header))
            problems.Add($"{header}: the listing has {string.Join(" / ", known.Headers)}");
        foreach (var member in Signature.Members(type))
        {
            if (!known.Members.Contains(member))
                problems.Add($"{type.FullName}: {member}");
        }
    }
}

/// <summary>A type with a member of each kind.</summary>
public abstract class Sample<T> : SampleRoot
{
    public static readonly int Count = 1;

    protected Sample(string? name = null) => Name = name;

    public string? Name { get; init; }

    public T? Value { get; set; }

    public abstract Task<IReadOnlyList<object?>> RunAsync(TimeSpan? after, params string[] names);

    public virtual bool IsLast(int page = 100, bool all = true) => all && page > 0;

    protected virtual void Close() { }
}

public class SampleRoot;
