namespace Microsoft.Azure.Functions.Worker.Converters;

/// <summary>Names the converter of a parameter. The runtime knows the ones that come with the bindings.</summary>
[AttributeUsage(
    AttributeTargets.Parameter | AttributeTargets.Class | AttributeTargets.Interface | AttributeTargets.Enum | AttributeTargets.Struct
)]
public class InputConverterAttribute(Type converterType) : Attribute
{
    public Type ConverterType { get; } = converterType;
}
