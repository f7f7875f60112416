using System.Text.Json;
using Azure.Core.Serialization;
using Microsoft.Azure.Functions.Worker;

namespace Serverless.Local.Hosting.Binding;

/// <summary>JSON of triggers and outputs, with the worker's serializer.</summary>
internal sealed class JsonInput(ObjectSerializer? configured)
{
    private readonly ObjectSerializer _serializer =
        configured ?? new JsonObjectSerializer(new JsonSerializerOptions { PropertyNameCaseInsensitive = true });

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
