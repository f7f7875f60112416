using System.Net;
using System.Text;
using System.Text.Json;
using Serverless.Testing;

namespace Serverless.Local.Tests.Hosting;

/// <summary>A caller of the HTTP management API of Durable, over real HTTP, in an app of the test's own.</summary>
public abstract class ManagementTest : IAsyncLifetime
{
    private TestApp? _app;

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    private protected TestApp App => _app ?? throw new InvalidOperationException("The app has not started.");

    public async ValueTask InitializeAsync() => _app = await TestApp.StartAsync(typeof(ManagedFunctions));

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected string Url(string path, string? key = null) =>
        $"/runtime/webhooks/durabletask/{path}{(path.Contains('?') ? '&' : '?')}code={Uri.EscapeDataString(key ?? App.SystemKey)}";

    protected async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, Url(path));
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await App.Client.SendAsync(request, Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        using var body = text.Length == 0 ? null : JsonDocument.Parse(text);
        return (answer.StatusCode, body?.RootElement.Clone() ?? default);
    }

    protected async Task StartAsync(string orchestrator, string id, string? input = null)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, $"orchestrators/{orchestrator}/{id}", input);
        Assert.True(status == HttpStatusCode.Accepted, body.ToString());
    }

    protected async Task<JsonElement> StartAndEndAsync(string orchestrator, string id, string? input = null)
    {
        await StartAsync(orchestrator, id, input);
        return await EndAsync(Url($"instances/{id}"));
    }

    protected async Task<JsonElement> EndAsync(string uri)
    {
        var text = await Eventually.GivesAsync(
            async () =>
            {
                using var answer = await App.Client.GetAsync(uri, Stop);
                return answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadAsStringAsync(Stop) : null;
            },
            $"the end of {uri}",
            Stop
        );
        using var body = JsonDocument.Parse(text);
        return body.RootElement.Clone();
    }

    protected Task ReachesAsync(string id, string status) =>
        Eventually.HoldsAsync(
            async () => (await SendAsync(HttpMethod.Get, $"instances/{id}")).Body.GetProperty("runtimeStatus").GetString() == status,
            $"{id} to be {status}",
            Stop
        );
}
