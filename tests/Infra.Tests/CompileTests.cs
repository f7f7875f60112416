using System.Text.Json;
using Serverless.Testing;

namespace Serverless.Infra.Tests;

public sealed class CompileTests
{
    [Fact]
    public async Task Build_EveryFile_NoWarning()
    {
        var compiled = await Templates.CompiledAsync();

        Assert.Equal("", compiled.Words);
        Assert.Equal(
            new DirectoryInfo(RepositoryRoot.File("infra"))
                .EnumerateFiles("*.bicep", SearchOption.AllDirectories)
                .Select(file => Path.GetFileNameWithoutExtension(file.Name))
                .Order(StringComparer.Ordinal),
            compiled.Files.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Compiled_EveryParameterAndOutput_HasADescription()
    {
        var missing = new List<string>();
        foreach (var (name, template) in All("main", (await Templates.CompiledAsync()).Main))
        {
            foreach (var kind in (string[])["parameters", "outputs"])
            {
                if (template.TryGetProperty(kind, out var entries))
                {
                    missing.AddRange(
                        from entry in entries.EnumerateObject()
                        where !entry.Value.TryGetProperty("metadata", out var metadata) || !metadata.TryGetProperty("description", out _)
                        select $"{name}: {entry.Name}"
                    );
                }
            }
        }

        Assert.Empty(missing);
    }

    [Fact]
    public async Task Compiled_Text_HoldsNothingThatDiffersBetweenTwoRuns()
    {
        var text = (await Templates.CompiledAsync()).Main.GetRawText();

        Assert.DoesNotContain("newGuid(", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("utcNow(", text, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    [InlineData("full")]
    [InlineData("two")]
    [InlineData("open")]
    public async Task Snapshot_EveryResource_ComesOnceAndHasAName(string environment)
    {
        var snapshot = await Templates.SnapshotAsync(environment);

        Assert.NotEmpty(snapshot.Resources);
        Assert.Equal(snapshot.Resources.Count, snapshot.Resources.DistinctBy(resource => resource.Id.ToLowerInvariant()).Count());
        // Zones of storage carry the cloud's suffix, which only Azure knows.
        Assert.DoesNotContain(
            snapshot.Resources,
            resource => resource.Name.StartsWith('[') && !resource.Type.Contains("privateDnsZones", StringComparison.Ordinal)
        );
    }

    private static IEnumerable<(string Name, JsonElement Template)> All(string name, JsonElement template)
    {
        yield return (name, template);
        var resources = template.GetProperty("resources");
        if (resources.ValueKind == JsonValueKind.Array)
        {
            // As Bicep writes a module without types of our own; it holds no other module.
            Assert.DoesNotContain("Microsoft.Resources/deployments", resources.GetRawText(), StringComparison.Ordinal);
            yield break;
        }

        foreach (var resource in resources.EnumerateObject())
        {
            if (
                resource.Value.TryGetProperty("properties", out var properties)
                && properties.ValueKind == JsonValueKind.Object
                && properties.TryGetProperty("template", out var nested)
            )
            {
                foreach (var inner in All(resource.Name, nested))
                {
                    yield return inner;
                }
            }
        }
    }
}
