using Serverless.Testing;

namespace Serverless.Local.Tests.Api;

/// <summary>The public types of the published packages as they are listed, by full name.</summary>
internal sealed class Listing
{
    public Dictionary<string, ListedType> Types { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// A file for each of the worker's packages, and for the client types that its bindings give, as far as they are used here. Taken from the
    /// assemblies of the published versions; without indexers, operators, and whether a property is virtual.
    /// </summary>
    public static string Folder => RepositoryRoot.File("tests", "Local.Tests", "Api", "Listings");

    public static Listing Read()
    {
        var listing = new Listing();
        foreach (var file in Directory.EnumerateFiles(Folder, "*.txt"))
        {
            ListedType? current = null;
            foreach (var line in File.ReadLines(file))
            {
                if (line.StartsWith("  ", StringComparison.Ordinal))
                    current!.Members.Add(line.Trim());
                else if (line.Length > 0 && !line.StartsWith("assembly ", StringComparison.Ordinal))
                    current = listing.Add(line);
            }
        }
        return listing;
    }

    private ListedType Add(string header)
    {
        var key = Signature.Key(header);
        if (!Types.TryGetValue(key, out var type))
            Types[key] = type = new ListedType();
        type.Headers.Add(header);
        return type;
    }
}

internal sealed class ListedType
{
    public HashSet<string> Headers { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Members { get; } = new(StringComparer.Ordinal);
}
