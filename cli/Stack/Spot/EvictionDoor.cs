using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Serverless.Pipeline;

namespace Serverless.Cli.Stack.Spot;

/// <summary>Where <c>serverless evict</c> finds the stack that runs: address and key, in the state folder.</summary>
internal sealed record EvictionAddress(string Url, string Key);

/// <param name="Target">Worker or job; null is any worker.</param>
/// <param name="NoticeSeconds">Null: none.</param>
internal sealed record EvictionRequest(string? Target, double? NoticeSeconds);

/// <summary>Lets another process evict workers of this stack. Only who can read the state folder has the key.</summary>
internal sealed class EvictionDoor(WorkerPool workers, StateFolder state)
{
    private const string File = "evictions.json";
    private const string KeyHeader = "x-eviction-key";

    private readonly string key = RandomNumberGenerator.GetHexString(32);

    /// <summary>Writes where the door is.</summary>
    public void Open(string url) =>
        System.IO.File.WriteAllText(
            state.File(File),
            JsonSerializer.Serialize(new EvictionAddress($"{url}/evictions", key), PipelineJson.Readable)
        );

    public async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path != "/evictions" || context.Request.Headers[KeyHeader] != key)
        {
            context.Response.StatusCode = 404;
            return;
        }

        var request = (await context.Request.ReadFromJsonAsync<EvictionRequest>(context.RequestAborted))!;
        var notice = request.NoticeSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        var eviction = await workers.EvictAsync(request.Target, notice, context.RequestAborted);
        context.Response.StatusCode = eviction is null ? 404 : 200;
        await context.Response.WriteAsJsonAsync(eviction, context.RequestAborted);
    }

    /// <summary>From the other side.</summary>
    /// <returns>Null when no such worker runs.</returns>
    /// <exception cref="StackException">No stack runs there.</exception>
    public static async Task<Eviction?> AskAsync(StateFolder state, EvictionRequest request, CancellationToken cancellationToken)
    {
        var address = state.Read<EvictionAddress>(File);
        if (state.RunningApp() is null || address is null)
        {
            throw new StackException(
                $"No stack runs in {state.Path}; only workers of a local one can be evicted. Start it with 'serverless up' (in another terminal)."
            );
        }

        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Add(KeyHeader, address.Key);
        try
        {
            using var answer = await http.PostAsJsonAsync(address.Url, request, cancellationToken);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<Eviction>(cancellationToken) : null;
        }
        catch (HttpRequestException away)
        {
            throw new StackException($"The stack in {state.Path} does not answer ({away.Message}). Is it stopping?", away);
        }
    }
}
