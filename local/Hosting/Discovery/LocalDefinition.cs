using System.Collections.Immutable;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Serverless.Local.Hosting.Discovery;

/// <summary>What a function may read about itself.</summary>
internal sealed class LocalDefinition : FunctionDefinition
{
    private readonly FunctionDeclaration _declaration;

    public LocalDefinition(FunctionDeclaration declaration)
    {
        _declaration = declaration;
        var method = declaration.Method;
        // Stable over restarts, so that telemetry of one function stays together.
        Id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{declaration.EntryPoint}:{declaration.Name}")).AsSpan(0, 8));
        Parameters =
        [
            .. method
                .GetParameters()
                .Select(p => new FunctionParameter(p.Name!, p.ParameterType, p.HasDefaultValue, p.HasDefaultValue ? p.DefaultValue : null)),
        ];
        InputBindings = method
            .GetParameters()
            .Select(p => (p.Name, Attribute: p.GetCustomAttribute<BindingAttribute>()))
            .Where(p => p.Attribute is not null)
            .ToImmutableDictionary(p => p.Name!, p => (BindingMetadata)Describe(p.Name!, p.Attribute!, BindingDirection.In));
        OutputBindings = Outputs(declaration).ToImmutableDictionary(b => b.Name);
    }

    public override ImmutableArray<FunctionParameter> Parameters { get; }

    public override string PathToAssembly => _declaration.Method.DeclaringType!.Assembly.Location;

    public override string EntryPoint => _declaration.EntryPoint;

    public override string Id { get; }

    public override string Name => _declaration.Name;

    public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings { get; }

    private static IEnumerable<BindingMetadata> Outputs(FunctionDeclaration declaration)
    {
        if (declaration.Method.GetCustomAttribute<OutputBindingAttribute>() is { } onReturn)
            yield return Describe("$return", onReturn, BindingDirection.Out);
        else if (declaration.Trigger is HttpTriggerAttribute)
            yield return new Binding("$return", "http", BindingDirection.Out);
    }

    private static Binding Describe(string name, BindingAttribute attribute, BindingDirection direction)
    {
        var type = attribute.GetType().Name;
        if (type.EndsWith("Attribute", StringComparison.Ordinal))
            type = type[..^"Attribute".Length];
        if (direction == BindingDirection.Out && type.EndsWith("Output", StringComparison.Ordinal))
            type = type[..^"Output".Length];
        return new Binding(name, char.ToLowerInvariant(type[0]) + type[1..], direction);
    }

    private sealed class Binding(string name, string type, BindingDirection direction) : BindingMetadata
    {
        public override string Name { get; } = name;

        public override string Type { get; } = type;

        public override BindingDirection Direction { get; } = direction;
    }
}
