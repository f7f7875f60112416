using System.Text.Json;
using Azure.Core.Serialization;
using Microsoft.Azure.Functions.Worker;

namespace Serverless.Local.Hosting.Binding;

/// <summary>JSON of triggers and outputs, with the worker's serializer.</summary>
internal sealed class JsonInput(ObjectSerializer? configured)
{
    /// <summary>What reads and writes JSON where the app has set no serializer.</summary>
    public static ObjectSerializer Default { get; } =
        new JsonObjectSerializer(new JsonSerializerOptions { PropertyNameCaseInsensitive = true });

    private readonly ObjectSerializer _serializer = configured ?? Default;

    public object? Read(BinaryData data, Type type, string function, string parameter)
    {
        try
        {
            return _serializer.Deserialize(data.ToStream(), type, CancellationToken.None);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or FormatException)
        {
            throw new FunctionInputConverterException(
                $"Function '{function}', parameter '{parameter}': the input is not the JSON of a {type.Name}. {e.Message}",
                e
            );
        }
    }

    public BinaryData Write(object value) => _serializer.Serialize(value, value.GetType(), CancellationToken.None);
}
