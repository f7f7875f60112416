using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting.Http.Data;

/// <summary>
/// The connection's one answer. A function may begin several responses; the head of the one whose body was opened last goes out with the first
/// byte, and one that was only begun leaves no trace.
/// </summary>
internal sealed class ResponseSlot(HttpContext http)
{
    private LocalResponseData? _opened;

    public Stream Open(LocalResponseData response)
    {
        if (_opened is null)
            http.Response.OnStarting(() =>
            {
                _opened?.Apply(http.Response);
                return Task.CompletedTask;
            });
        _opened = response;
        return http.Response.Body;
    }

    /// <summary>Makes a response the one that goes out.</summary>
    public void Choose(LocalResponseData response)
    {
        if (http.Response.HasStarted)
            return;
        if (_opened is not null)
            _opened = response;
        response.Apply(http.Response);
    }

    public bool Owns(Stream? body) => body is not null && ReferenceEquals(body, http.Response.Body);
}
