using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Serverless.Local.Hosting.Discovery;

/// <summary>Finds the functions of an assembly once, and everything that the platform would refuse about them.</summary>
internal static class FunctionFinder
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <param name="classes">The types to look at.</param>
    /// <param name="problems">Receives one message for each function that cannot be run.</param>
    public static IReadOnlyList<FunctionDeclaration> Find(IEnumerable<Type> classes, List<string> problems)
    {
        var found = new Dictionary<string, FunctionDeclaration>(StringComparer.OrdinalIgnoreCase);
        foreach (var type in classes)
        {
            foreach (var method in type.GetMethods(Everything))
            {
                if (method.GetCustomAttribute<FunctionAttribute>() is not { } attribute)
                    continue;
                if (Declare(type, method, attribute.Name, problems) is not { } declaration)
                    continue;
                if (!found.TryAdd(declaration.Name, declaration))
                    problems.Add(
                        $"Unable to load Function '{declaration.Name}'. A function with the name '{found[declaration.Name].Name}' already exists: "
                            + $"{found[declaration.Name].EntryPoint} and {declaration.EntryPoint}. Names differ in more than upper and lower case; rename one of them."
                    );
            }
        }
        return [.. found.Values];
    }

    private static FunctionDeclaration? Declare(Type type, MethodInfo method, string name, List<string> problems)
    {
        var where = $"{type.FullName}.{method.Name}";
        var before = problems.Count;
        if (!IsName(name))
            problems.Add(
                $"{where}: '{name}' is not a valid function name. It starts with a letter, goes on with letters, digits, '-' and '_', and has 128 characters at most."
            );
        if (!type.IsVisible || !method.IsPublic)
            problems.Add(
                $"Function '{name}' ({where}): the platform finds only public methods of public classes. Make {(method.IsPublic ? "the class" : "the method")} public."
            );
        if (type.ContainsGenericParameters || method.ContainsGenericParameters)
            problems.Add($"Function '{name}' ({where}): functions cannot be generic. Move it to a class without type parameters.");
        if (type.IsAbstract && !method.IsStatic)
            problems.Add($"Function '{name}' ({where}): its class is abstract. Declare it in a class that can be made.");
        if (method.ReturnType == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute)))
            problems.Add($"Function '{name}' ({where}): async void is not supported, its errors would be lost. Return a Task.");
        var triggers = method
            .GetParameters()
            .Select(p => (Parameter: p, Attribute: p.GetCustomAttribute<TriggerBindingAttribute>()))
            .Where(p => p.Attribute is not null)
            .ToList();
        if (triggers.Count != 1)
            problems.Add(
                triggers.Count == 0
                    ? $"Function '{name}' ({where}): no trigger. A function must have exactly one parameter with a trigger attribute, for example [HttpTrigger]."
                    : $"Function '{name}' ({where}): multiple triggers defined ({string.Join(", ", triggers.Select(t => t.Parameter.Name))}). A function can only have a single trigger; make one function of each."
            );
        return problems.Count > before ? null : new FunctionDeclaration(name!, method, triggers[0].Parameter, triggers[0].Attribute!);
    }

    private static bool IsName(string? name) =>
        name is { Length: >= 1 and <= 128 }
        && char.IsAsciiLetter(name[0])
        && name.All(one => char.IsAsciiLetterOrDigit(one) || one is '_' or '-');
}
