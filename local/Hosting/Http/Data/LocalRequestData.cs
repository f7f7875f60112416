using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Azure.Functions.Worker.Http;

namespace Serverless.Local.Hosting.Http.Data;

/// <summary>A request of ASP.NET Core as the worker's own type.</summary>
/// <param name="invocation">Whose request it is.</param>
/// <param name="http">Request and response.</param>
/// <param name="body">The whole body where it was read already; null: it is read as it comes in.</param>
internal sealed class LocalRequestData(Invocation invocation, HttpContext http, Stream? body) : HttpRequestData(invocation)
{
    private readonly ResponseSlot _slot = new(http);
    private HttpHeadersCollection? _headers;
    private IReadOnlyCollection<IHttpCookie>? _cookies;
    private Uri? _url;

    public override Stream Body { get; } = body ?? http.Request.Body;

    public override HttpHeadersCollection Headers =>
        _headers ??= new HttpHeadersCollection(
            http.Request.Headers.Select(header => KeyValuePair.Create(header.Key, header.Value.OfType<string>()))
        );

    public override IReadOnlyCollection<IHttpCookie> Cookies =>
        _cookies ??= [.. http.Request.Cookies.Select(cookie => new HttpCookie(cookie.Key, cookie.Value))];

    public override Uri Url => _url ??= new Uri(http.Request.GetEncodedUrl());

    public override IEnumerable<ClaimsIdentity> Identities => http.User.Identities;

    public override string Method => http.Request.Method;

    public override HttpResponseData CreateResponse() => new LocalResponseData(FunctionContext, _slot, buffered: body is not null);
}
