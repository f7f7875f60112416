using System.Reflection;

namespace Serverless.Local.Tests.Api;

/// <summary>Types by their short C# names, with the nullability of references (bare type parameters are written without).</summary>
internal static class TypeNames
{
    private static readonly Dictionary<Type, string> Words = new()
    {
        [typeof(string)] = "string",
        [typeof(object)] = "object",
        [typeof(bool)] = "bool",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(double)] = "double",
        [typeof(byte)] = "byte",
        [typeof(void)] = "void",
    };

    public static NullabilityInfo Nullability(PropertyInfo property) => new NullabilityInfoContext().Create(property);

    public static NullabilityInfo Nullability(FieldInfo field) => new NullabilityInfoContext().Create(field);

    public static NullabilityInfo Nullability(ParameterInfo parameter) => new NullabilityInfoContext().Create(parameter);

    public static string Of(Type type, NullabilityInfo? nullability)
    {
        if (type.IsByRef)
            type = type.GetElementType()!;
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Of(value, null) + "?";
        if (type.IsGenericParameter)
            return type.Name;
        var state = nullability?.ReadState is NullabilityState.Unknown ? nullability.WriteState : nullability?.ReadState;
        var mark = !type.IsValueType && state == NullabilityState.Nullable ? "?" : "";
        if (type.IsArray)
            return Of(type.GetElementType()!, nullability?.ElementType) + "[]" + mark;
        if (Words.TryGetValue(type, out var word))
            return word + mark;
        if (!type.IsGenericType)
            return type.Name + mark;
        var arguments = type.GetGenericArguments();
        var infos = nullability?.GenericTypeArguments;
        var inner = arguments.Select((a, i) => Of(a, infos is not null && i < infos.Length ? infos[i] : null));
        return $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", inner)}>{mark}";
    }
}
