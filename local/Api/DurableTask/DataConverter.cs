using System.Text.Json;

namespace Microsoft.DurableTask
{
    /// <summary>Turns inputs and results into text and back.</summary>
    public abstract class DataConverter
    {
        public abstract object? Deserialize(string? data, Type targetType);

        public virtual T? Deserialize<T>(string? data) => (T?)(Deserialize(data, typeof(T)) ?? default(T));

        public abstract string? Serialize(object? value);
    }
}

namespace Microsoft.DurableTask.Converters
{
    /// <summary>JSON with fields included; null stays null.</summary>
    public class JsonDataConverter : DataConverter
    {
        private static readonly JsonSerializerOptions Fields = new() { IncludeFields = true };

        private readonly JsonSerializerOptions options;

        public JsonDataConverter(JsonSerializerOptions? options = default) => this.options = options ?? Fields;

        public static JsonDataConverter Default { get; } = new();

        public override object? Deserialize(string? data, Type targetType) =>
            string.IsNullOrEmpty(data) ? null : JsonSerializer.Deserialize(data, targetType, options);

        public override string? Serialize(object? value) => value is null ? null : JsonSerializer.Serialize(value, options);
    }
}
