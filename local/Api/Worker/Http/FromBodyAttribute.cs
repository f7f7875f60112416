using Microsoft.Azure.Functions.Worker.Converters;
using Serverless.Local.Hosting.Binding;

namespace Microsoft.Azure.Functions.Worker.Http;

/// <summary>Reads the request's JSON body into the parameter.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public class FromBodyAttribute() : InputConverterAttribute(typeof(BodySource));
