using System.Reflection;

namespace Serverless.Local.Tests.Api;

/// <summary>
/// Members that give or take <c>T?</c>, where T is a type parameter itself. Read from what the compiler wrote: of an unconstrained T the
/// reflection of nullability says that it may be null in any case.
/// </summary>
internal static class BareNullables
{
    private const byte Annotated = 2;

    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> Of(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
            return [];
        var methods = type.GetMethods(Declared)
            .Where(method => IsSeen(method) && !method.IsSpecialName)
            .Where(method => method.GetParameters().Prepend(method.ReturnParameter).Any(p => IsNullable(p.ParameterType, p, method)))
            .Select(method => method.Name);
        var properties = type.GetProperties(Declared)
            .Where(property => property.GetAccessors(true).Any(IsSeen) && IsNullable(property.PropertyType, property, property))
            .Select(property => property.Name);
        return [.. methods, .. properties];
    }

    /// <summary>Of <c>T?</c> as well as of <c>Task&lt;T?&gt;</c>.</summary>
    private static bool IsNullable(Type type, ICustomAttributeProvider place, MemberInfo member)
    {
        var depth = 0;
        for (; type is { IsGenericType: true, GenericTypeArguments: [var inner] }; type = inner)
            depth++;
        return type.IsGenericParameter && FlagOf(place, member, depth) == Annotated;
    }

    /// <summary>One for each type from the outside in, one for all, or that of the member or type around.</summary>
    private static byte FlagOf(ICustomAttributeProvider place, MemberInfo member, int depth)
    {
        var own = place is ParameterInfo parameter ? parameter.GetCustomAttributesData() : ((MemberInfo)place).GetCustomAttributesData();
        if (Value(own, "NullableAttribute") is { } flags)
            return flags switch
            {
                IReadOnlyList<CustomAttributeTypedArgument> each => (byte)each[depth].Value!,
                _ => (byte)flags,
            };
        for (var around = member; around is not null; around = around.DeclaringType)
        {
            if (Value(around.GetCustomAttributesData(), "NullableContextAttribute") is byte flag)
                return flag;
        }
        return 0;
    }

    private static object? Value(IList<CustomAttributeData> attributes, string name) =>
        attributes.FirstOrDefault(attribute => attribute.AttributeType.Name == name)?.ConstructorArguments[0].Value;

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;
}
