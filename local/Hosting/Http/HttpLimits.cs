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
        if (Interlocked.Increment(ref _outstanding) > _settings.MaxOutstanding && _settings.MaxOutstanding >= 0)
        {
            // Refused, it is under way no longer, however slowly its caller reads.
            Interlocked.Decrement(ref _outstanding);
            await RefuseAsync(http);
            return;
        }
        try
        {
            if (_places is not null)
                await _places.WaitAsync(http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The caller did not wait for its turn.
            Interlocked.Decrement(ref _outstanding);
            return;
        }
        var place = new HttpPlace(GiveBack);
        http.Features.Set(place);
        try
        {
            await function(http);
        }
        finally
        {
            place.GiveBack();
        }
    }

    private void GiveBack()
    {
        _places?.Release();
        Interlocked.Decrement(ref _outstanding);
    }

    private async Task RefuseAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"More than {_settings.MaxOutstanding} requests are under way (extensions.http.maxOutstandingRequests in host.json). Try again in a moment.\n"
        );
        try
        {
            await http.Response.WriteAsync(text, http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller has left.
        }
    }
}

/// <summary>What a request takes up of the limits, among its features: a function that was left behind does not keep it.</summary>
internal sealed class HttpPlace(Action giveBack)
{
    private Action? _giveBack = giveBack;

    public void GiveBack() => Interlocked.Exchange(ref _giveBack, null)?.Invoke();
}
