using System.Net.Http.Headers;

namespace Microsoft.Azure.Functions.Worker.Http;

/// <summary>Headers of a request or a response, those of its content among them.</summary>
public class HttpHeadersCollection : HttpHeaders
{
    public HttpHeadersCollection() { }

    /// <param name="headers">Taken as they are: what came over the wire is not checked again.</param>
    public HttpHeadersCollection(IEnumerable<KeyValuePair<string, IEnumerable<string>>> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        foreach (var (name, values) in headers)
            TryAddWithoutValidation(name, values);
    }

    /// <inheritdoc cref="HttpHeadersCollection(IEnumerable{KeyValuePair{string, IEnumerable{string}}})" />
    public HttpHeadersCollection(IEnumerable<KeyValuePair<string, string>> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        foreach (var (name, value) in headers)
            TryAddWithoutValidation(name, value);
    }
}
