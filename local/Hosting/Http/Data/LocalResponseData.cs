using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Http;

namespace Serverless.Local.Hosting.Http.Data;

/// <summary>A response whose body lies in memory until the function has returned, or goes straight to the connection.</summary>
internal sealed class LocalResponseData(FunctionContext context, ResponseSlot slot, bool buffered) : HttpResponseData(context)
{
    private readonly ResponseCookies _cookies = new();
    private Stream? _body;
    private bool _applied;

    public override HttpStatusCode StatusCode { get; set; } = HttpStatusCode.OK;

    public override HttpHeadersCollection Headers { get; set; } = [];

    public override HttpCookies Cookies => _cookies;

    public override Stream Body
    {
        get => _body ??= buffered ? new MemoryStream() : slot.Open(this);
        set => _body = value;
    }

    /// <summary>Makes this the response that goes out.</summary>
    public void Choose() => slot.Choose(this);

    /// <summary>What was written to a memory, or put in place of the body; null where it has gone out already.</summary>
    public Stream? Pending => slot.Owns(_body) ? null : _body;

    /// <summary>Sets status, headers and cookies, once.</summary>
    public void Apply(HttpResponse response)
    {
        if (_applied)
            return;
        _applied = true;
        ResponseDataWriter.CopyHead(this, response);
        _cookies.Apply(response);
    }
}
