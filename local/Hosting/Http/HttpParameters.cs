using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Http;
using Serverless.Local.Hosting.Binding;
using Serverless.Local.Hosting.Discovery;
using Serverless.Local.Hosting.Http.Data;

namespace Serverless.Local.Hosting.Http;

/// <summary>The request, its route values and its query, by name.</summary>
internal sealed class HttpParameters(bool aspNetCore, RequestDataSource requests) : ITriggerParameters
{
    public string TriggerTypes =>
        aspNetCore
            ? "Microsoft.AspNetCore.Http.HttpRequest or Microsoft.Azure.Functions.Worker.Http.HttpRequestData"
            : "Microsoft.Azure.Functions.Worker.Http.HttpRequestData, and Microsoft.AspNetCore.Http.HttpRequest after builder.ConfigureFunctionsWebApplication(); call it before Build()";

    public bool Starts(FunctionDeclaration function) => function.Trigger is HttpTriggerAttribute;

    public ParameterSource? Trigger(FunctionDeclaration function) => Request(function.TriggerParameter.ParameterType);

    public ParameterSource? Named(FunctionDeclaration function, ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        if (Request(type) is { } request)
            return request;
        if (type == typeof(string))
            return ParameterSource.Call(typeof(HttpParameters), nameof(Text), typeof(string), parameter.Name, DefaultOf(parameter));
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain.IsEnum)
            return Value(nameof(Enumeration), plain, parameter);
        return IsParsable(plain) ? Value(nameof(Parsed), plain, parameter) : null;
    }

    public static string? Text<T>(Invocation invocation, string name, object? otherwise) => Find(invocation, name) ?? (string?)otherwise;

    public static T Parsed<T>(Invocation invocation, string name, object? otherwise)
        where T : IParsable<T>
    {
        if (Find(invocation, name) is not { } text)
            return otherwise is null ? default! : (T)otherwise;
        return T.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : throw Unreadable<T>(invocation, name, text);
    }

    public static T? ParsedOrNull<T>(Invocation invocation, string name, object? otherwise)
        where T : struct, IParsable<T> => Find(invocation, name) is null ? (T?)otherwise : Parsed<T>(invocation, name, null);

    public static T Enumeration<T>(Invocation invocation, string name, object? otherwise)
        where T : struct, Enum
    {
        if (Find(invocation, name) is not { } text)
            return otherwise is null ? default : (T)otherwise;
        return Enum.TryParse<T>(text, ignoreCase: true, out var value) ? value : throw Unreadable<T>(invocation, name, text);
    }

    public static T? EnumerationOrNull<T>(Invocation invocation, string name, object? otherwise)
        where T : struct, Enum => Find(invocation, name) is null ? (T?)otherwise : Enumeration<T>(invocation, name, null);

    private ParameterSource? Request(Type type)
    {
        if (type == typeof(HttpRequestData))
            return ParameterSource.Awaited(async invocation => await requests.OfAsync(invocation));
        if (!aspNetCore)
            return null;
        if (type == typeof(HttpRequest))
            return ParameterSource.Inline(i => Expression.Property(Context(i), nameof(HttpContext.Request)));
        return type == typeof(HttpContext) ? ParameterSource.Inline(Context) : null;
    }

    private static ParameterSource Value(string method, Type plain, ParameterInfo parameter)
    {
        var nullable = plain != parameter.ParameterType;
        return ParameterSource.Call(
            typeof(HttpParameters),
            nullable ? method + "OrNull" : method,
            plain,
            parameter.Name,
            DefaultOf(parameter)
        );
    }

    private static object? DefaultOf(ParameterInfo parameter) => parameter.HasDefaultValue ? parameter.DefaultValue : null;

    private static string? Find(Invocation invocation, string name)
    {
        var request = invocation.Http!.Request;
        if (request.RouteValues.TryGetValue(name, out var value) && value is not null)
            return value as string ?? Convert.ToString(value, CultureInfo.InvariantCulture);
        return request.Query.TryGetValue(name, out var query) ? query.ToString() : null;
    }

    private static FunctionInputConverterException Unreadable<T>(Invocation invocation, string name, string text) =>
        new($"Function '{invocation.Function.Name}': cannot convert '{text}' of '{name}' to {typeof(T).Name}.");

    private static bool IsParsable(Type type) =>
        type.GetInterfaces()
            .Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IParsable<>) && i.GetGenericArguments()[0] == type);

    private static Expression Context(Expression invocation) => Expression.Property(invocation, nameof(Invocation.Http));
}
