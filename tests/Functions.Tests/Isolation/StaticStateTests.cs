using System.CodeDom.Compiler;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Serverless.Functions.Runs;
using Serverless.Pipeline.Storage;

namespace Serverless.Functions.Tests.Isolation;

/// <summary>
/// On the platform two functions, or two activities, share no memory. Static state would work on one machine and fail there: none is allowed
/// in what they run.
/// </summary>
public sealed class StaticStateTests
{
    /// <summary>Fields that may change, each with the reason why nothing depends on what they hold.</summary>
    private static readonly Dictionary<string, string> Allowed = new(StringComparer.Ordinal)
    {
        ["Serverless.Pipeline.Definitions.SchemaWords.NotAvailable"] = "A table of words, filled where it stands and only read.",
    };

    private static readonly HashSet<Type> Containers =
    [
        typeof(StringBuilder),
        typeof(ConditionalWeakTable<,>),
        typeof(Lazy<>),
        typeof(AsyncLocal<>),
        typeof(ThreadLocal<>),
        typeof(StrongBox<>),
        typeof(HttpClient),
    ];

    [Fact]
    public void FunctionsAndPipeline_KeepNoStaticState()
    {
        var found = new[] { typeof(RunOrchestrator).Assembly, typeof(StorageClients).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => !IsGenerated(type))
            .SelectMany(type =>
                type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            )
            .Where(field => Reason(field) is not null)
            .ToDictionary(Name, field => $"{Name(field)}: {Reason(field)}", StringComparer.Ordinal);

        var problems = found.Where(field => !Allowed.ContainsKey(field.Key)).Select(field => field.Value).ToList();
        Assert.True(
            problems.Count == 0,
            $"Static state; take it from the services, make it frozen or immutable, or allow it here with a reason:\n{string.Join('\n', problems)}"
        );
        Assert.Empty(Allowed.Keys.Except(found.Keys));
    }

    [Fact]
    public void Reason_OfEveryKindOfState_IsGivenAndOfTablesNot()
    {
        var reasons = typeof(Sample)
            .GetFields(BindingFlags.Static | BindingFlags.NonPublic)
            .ToDictionary(field => field.Name, Reason, StringComparer.Ordinal);
        Assert.Null(reasons["Table"]);
        Assert.Null(reasons["Limit"]);
        Assert.NotNull(reasons["count"]);
        Assert.NotNull(reasons["Seen"]);
        Assert.NotNull(reasons["Holder"]);
    }

    private static string? Reason(FieldInfo field)
    {
        if (field.IsLiteral || field.Name.StartsWith("<>", StringComparison.Ordinal))
            return null;
        if (!field.IsInitOnly)
            return "it can be set again";
        return Changes(field.FieldType) ? $"a {field.FieldType.Name} can change" : null;
    }

    // Arrays are tables here: they cannot grow, and nobody keeps state in them.
    private static bool Changes(Type type)
    {
        var open = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        if (Containers.Contains(open))
            return true;
        if (type.Namespace is "System.Collections.Generic" or "System.Collections.Concurrent")
            return type is { IsInterface: false, IsValueType: false } && !open.Name.Contains("Comparer", StringComparison.Ordinal);
        return type.Namespace?.StartsWith("Serverless.", StringComparison.Ordinal) == true
            && type is { IsValueType: false, IsInterface: false }
            && type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Any(inner => !inner.IsInitOnly);
    }

    private static bool IsGenerated(Type type)
    {
        for (var one = type; one is not null; one = one.DeclaringType)
        {
            if (
                one.Name.Contains('<')
                || one.IsDefined(typeof(CompilerGeneratedAttribute))
                || one.IsDefined(typeof(GeneratedCodeAttribute))
                || one.Namespace?.StartsWith("Serverless.", StringComparison.Ordinal) != true
            )
                return true;
        }

        return false;
    }

    private static string Name(FieldInfo field) => $"{field.DeclaringType!.FullName}.{field.Name}";

    private static class Sample
    {
        internal const int Limit = 3;
        internal static readonly string[] Table = ["a"];
        internal static readonly List<int> Seen = [];
        internal static readonly Box Holder = new();
        internal static int count = 1;

        internal sealed class Box
        {
            public int Value { get; set; }
        }
    }
}
