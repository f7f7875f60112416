using System.Reflection;
using System.Runtime.CompilerServices;

namespace Serverless.Local.Tests.Api;

/// <summary>Writes types and members the way the listing does.</summary>
internal static class Signature
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // What every record and every object has is left out of the listing.
    private static readonly HashSet<string> Left =
    [
        "Equals",
        "GetHashCode",
        "ToString",
        "PrintMembers",
        "Deconstruct",
        "<Clone>$",
        "Finalize",
    ];

    public static string Header(Type type)
    {
        var name = $"{type.Namespace}.{TypeNames.Of(type, null)}";
        if (type.IsEnum)
            return "enum " + name;
        if (type.IsInterface)
            return "interface " + name;
        if (typeof(Delegate).IsAssignableFrom(type))
            return "delegate " + name;
        if (type.IsValueType)
            return "struct " + name;
        var kind =
            type is { IsAbstract: true, IsSealed: true } ? "static class "
            : type.IsAbstract ? "abstract class "
            : type.IsSealed ? "sealed class "
            : "class ";
        var parent = type.BaseType == typeof(object) || type.BaseType is null ? "" : " : " + TypeNames.Of(type.BaseType, null);
        return kind + name + parent;
    }

    /// <summary>The full name inside a header.</summary>
    public static string Key(string header)
    {
        var end = header.IndexOf(" : ", StringComparison.Ordinal);
        var name = end < 0 ? header : header[..end];
        var generic = name.IndexOf('<', StringComparison.Ordinal);
        var start = name.LastIndexOf(' ', generic < 0 ? name.Length - 1 : generic);
        return name[(start + 1)..];
    }

    public static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
            return [string.Join(", ", Enum.GetValues(type).Cast<object>().Select(v => $"{v}={Convert.ToInt64(v)}"))];
        if (typeof(Delegate).IsAssignableFrom(type))
            return [Method(type.GetMethod("Invoke")!)];
        return
        [
            .. type.GetConstructors(Declared).Where(c => !c.IsStatic && IsSeen(c)).Select(c => $"new({Parameters(c)})"),
            .. type.GetProperties(Declared)
                .Where(p => p.GetAccessors(true).Any(IsSeen) && p.GetIndexParameters().Length == 0)
                .Select(Property),
            .. type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly).Select(Field),
            .. type.GetMethods(Declared).Where(m => IsSeen(m) && !m.IsSpecialName && !Left.Contains(m.Name)).Select(Method),
        ];
    }

    private static string Property(PropertyInfo property)
    {
        var type = TypeNames.Of(property.PropertyType, TypeNames.Nullability(property));
        var accessors = new List<string>();
        if (property.GetMethod is { } get && IsSeen(get))
            accessors.Add("get;");
        if (property.SetMethod is { } set && IsSeen(set))
            accessors.Add(set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init;" : "set;");
        return $"{Static(property.GetAccessors(true)[0])}{type} {property.Name} {{ {string.Join(' ', accessors)} }}";
    }

    private static string Field(FieldInfo field) =>
        $"{(field.IsStatic ? "static " : "")}{TypeNames.Of(field.FieldType, TypeNames.Nullability(field))} {field.Name}";

    private static string Method(MethodInfo method)
    {
        var access = method.IsPublic ? "" : "protected ";
        var kind =
            method.IsStatic ? "static "
            : method.DeclaringType!.IsInterface ? ""
            : method.IsAbstract ? "abstract "
            : method is { IsVirtual: true, IsFinal: false } ? "virtual "
            : "";
        var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";
        var result = TypeNames.Of(method.ReturnType, TypeNames.Nullability(method.ReturnParameter));
        return $"{access}{kind}{result} {method.Name}{generic}({Parameters(method)})";
    }

    private static string Parameters(MethodBase method) =>
        string.Join(
            ", ",
            method
                .GetParameters()
                .Select(p =>
                {
                    var extension = p.Position == 0 && method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
                    var many = p.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "";
                    var reference = p.ParameterType.IsByRef ? "ref " : "";
                    var otherwise = p.HasDefaultValue ? " = " + (p.RawDefaultValue ?? "default") : "";
                    return $"{extension}{many}{reference}{TypeNames.Of(p.ParameterType, TypeNames.Nullability(p))} {p.Name}{otherwise}";
                })
        );

    private static string Static(MethodBase method) => method.IsStatic ? "static " : "";

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;
}
