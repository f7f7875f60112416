using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting.Http;

/// <summary>
/// <c>maxConcurrentRequests</c> and <c>maxOutstandingRequests</c> of host.json, over all HTTP functions together. Where neither is set the
/// functions are called as if this were not there.
/// </summary>
internal sealed class HttpLimits
{
    private readonly HttpSettings _settings;
    private readonly SemaphoreSlim? _places;
    private int _outstanding;

    private HttpLimits(HttpSettings settings)
    {
        _settings = settings;
        _places = settings.MaxConcurrent < 0 ? null : new SemaphoreSlim(settings.MaxConcurrent);
    }

    /// <summary>Null where there is nothing to limit.</summary>
    public static HttpLimits? Of(HttpSettings settings) =>
        settings is { MaxConcurrent: < 0, MaxOutstanding: < 0 } ? null : new HttpLimits(settings);

    public RequestDelegate Around(RequestDelegate function) => http => RunAsync(http, function);

    private async Task RunAsync(HttpContext http, RequestDelegate function)
    {
        try
        {
            if (Interlocked.Increment(ref _outstanding) > _settings.MaxOutstanding && _settings.MaxOutstanding >= 0)
            {
                http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                await http.Response.WriteAsync(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"More than {_settings.MaxOutstanding} requests are under way (extensions.http.maxOutstandingRequests in host.json). Try again in a moment.\n"
                    ),
                    http.RequestAborted
                );
                return;
            }
            if (_places is not null)
                await _places.WaitAsync(http.RequestAborted);
            try
            {
                await function(http);
            }
            finally
            {
                _places?.Release();
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller did not wait for its turn.
        }
        finally
        {
            Interlocked.Decrement(ref _outstanding);
        }
    }
}
