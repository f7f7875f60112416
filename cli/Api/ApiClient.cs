using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Serverless.Pipeline;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Runs;

namespace Serverless.Cli.Api;

/// <summary>The app's HTTP API; see docs/architecture.md.</summary>
internal sealed class ApiClient : IDisposable
{
    private static readonly JsonSerializerOptions Json = PipelineJson.Compact;

    private readonly HttpClient http;

    public ApiClient(Uri url, string? key)
    {
        Url = url;
        // Uploads may be long; whoever calls has a token to stop them.
        http = new HttpClient { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
        if (!string.IsNullOrWhiteSpace(key))
        {
            http.DefaultRequestHeaders.Add("x-functions-key", key);
        }
    }

    public Uri Url { get; }

    public Task PutDefinitionAsync(string pipeline, string yaml, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Put,
            $"api/pipelines/{Name(pipeline)}",
            new StringContent(yaml, Encoding.UTF8, "application/yaml"),
            cancellationToken
        );

    /// <summary>Uploads a file as a drop.</summary>
    /// <param name="pipeline">Its pipeline; must be stored.</param>
    /// <param name="name">Name of the blob.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="test">Name of a held-out file that was uploaded with <see cref="DropTestAsync"/>.</param>
    /// <param name="cancellationToken">Stops the upload.</param>
    public Task<DropReceipt> DropAsync(string pipeline, string name, Stream content, string? test, CancellationToken cancellationToken)
    {
        var query = test is null ? "" : $"?test={Uri.EscapeDataString(test)}";
        return UploadAsync($"api/pipelines/{Name(pipeline)}/drop/{Name(name)}{query}", content, cancellationToken);
    }

    /// <summary>Uploads a held-out file; it starts no run.</summary>
    public Task<DropReceipt> DropTestAsync(string pipeline, string name, Stream content, CancellationToken cancellationToken) =>
        UploadAsync($"api/pipelines/{Name(pipeline)}/drop/test/{Name(name)}", content, cancellationToken);

    public Task<RunPage> RunsAsync(string? pipeline, int top, CancellationToken cancellationToken) =>
        GetAsync<RunPage>(
            $"api/runs?top={top}{(pipeline is null ? "" : $"&pipeline={Uri.EscapeDataString(pipeline)}")}",
            cancellationToken
        );

    public Task<RunView> RunAsync(string runId, CancellationToken cancellationToken) =>
        GetAsync<RunView>($"api/runs/{Name(runId)}", cancellationToken);

    public async Task<IReadOnlyList<MetricPoint>> MetricsAsync(string runId, int after, CancellationToken cancellationToken) =>
        await GetAsync<List<MetricPoint>>($"api/runs/{Name(runId)}/metrics?after={after}", cancellationToken);

    /// <summary>A part of the log of one claim of the run's job; null while no worker has taken it.</summary>
    public async Task<LogPage?> LogAsync(string runId, int claim, long after, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync<LogPage>($"api/runs/{Name(runId)}/log?claim={claim}&after={after}", cancellationToken);
        }
        catch (ApiException none) when (none.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Stores the archive of a program; gives its name.</summary>
    public async Task<string> PutCodeAsync(byte[] archive, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Put, "api/code", new ByteArrayContent(archive), cancellationToken);
        return (await ReadAsync<CodeReceipt>(answer, cancellationToken)).Code;
    }

    public Task<EvaluationReport> EvaluationAsync(string runId, CancellationToken cancellationToken) =>
        GetAsync<EvaluationReport>($"api/runs/{Name(runId)}/evaluation", cancellationToken);

    /// <param name="runId">A run.</param>
    /// <param name="decision"><c>approve</c>, <c>reject</c> or <c>cancel</c>.</param>
    /// <param name="request">Who and why.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task DecideAsync(string runId, string decision, DecisionRequest request, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"api/runs/{Name(runId)}/{decision}", JsonContent.Create(request, options: Json), cancellationToken);

    public async Task<IReadOnlyList<ModelSummary>> ModelsAsync(CancellationToken cancellationToken) =>
        await GetAsync<List<ModelSummary>>("api/models", cancellationToken);

    public Task<ModelDetails> ModelAsync(string model, CancellationToken cancellationToken) =>
        GetAsync<ModelDetails>($"api/models/{Name(model)}", cancellationToken);

    /// <summary>The latest reports on drift, newest first.</summary>
    public async Task<IReadOnlyList<DriftReport>> DriftAsync(string model, int top, CancellationToken cancellationToken) =>
        await GetAsync<List<DriftReport>>($"api/models/{Name(model)}/drift?top={top}", cancellationToken);

    /// <summary>Judges the window that ends now.</summary>
    public async Task<DriftReport> CheckDriftAsync(string model, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Post, $"api/models/{Name(model)}/drift", content: null, cancellationToken);
        return await ReadAsync<DriftReport>(answer, cancellationToken);
    }

    public Task<ModelManifest> ManifestAsync(string model, int version, CancellationToken cancellationToken) =>
        GetAsync<ModelManifest>($"api/models/{Name(model)}/versions/{version}", cancellationToken);

    public Task PromoteAsync(string model, int version, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Put,
            $"api/models/{Name(model)}/champion",
            JsonContent.Create(new ChampionRequest(version), options: Json),
            cancellationToken
        );

    /// <summary>Posts rows as JSON text and gives the answer's text.</summary>
    public async Task<string> PredictAsync(string model, int? version, string rows, CancellationToken cancellationToken)
    {
        var query = version is null ? "" : $"?version={version}";
        using var answer = await SendAsync(
            HttpMethod.Post,
            $"api/models/{Name(model)}/predict{query}",
            new StringContent(rows, Encoding.UTF8, "application/json"),
            cancellationToken
        );
        return await answer.Content.ReadAsStringAsync(cancellationToken);
    }

    /// <summary>Uploads rows and starts their batch job.</summary>
    public async Task<BatchReceipt> UploadBatchAsync(
        string model,
        string name,
        Stream content,
        int? version,
        CancellationToken cancellationToken
    )
    {
        var query = version is null ? "" : $"?version={version}";
        var body = new StreamContent(content, 1 << 20);
        using var answer = await SendAsync(HttpMethod.Put, $"api/models/{Name(model)}/batch/{Name(name)}{query}", body, cancellationToken);
        return await ReadAsync<BatchReceipt>(answer, cancellationToken);
    }

    /// <summary>Starts the batch job of a data set.</summary>
    public async Task<BatchReceipt> StartBatchAsync(string model, BatchOrder order, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(
            HttpMethod.Post,
            $"api/models/{Name(model)}/batch",
            JsonContent.Create(order, options: Json),
            cancellationToken
        );
        return await ReadAsync<BatchReceipt>(answer, cancellationToken);
    }

    public Task<BatchView> BatchAsync(string jobId, CancellationToken cancellationToken) =>
        GetAsync<BatchView>($"api/batch/{Name(jobId)}", cancellationToken);

    public Task<BatchPage> BatchesAsync(string? model, CancellationToken cancellationToken) =>
        GetAsync<BatchPage>($"api/batch{(model is null ? "" : $"?model={Uri.EscapeDataString(model)}")}", cancellationToken);

    public async Task CancelBatchAsync(string jobId, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Post, $"api/batch/{Name(jobId)}/cancel", content: null, cancellationToken);
    }

    /// <summary>A part of a batch job's result, as a stream.</summary>
    public async Task<Stream> BatchPartAsync(string jobId, string part, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(HttpMethod.Get, $"api/batch/{Name(jobId)}/parts/{Name(part)}", content: null, cancellationToken);
        return await answer.Content.ReadAsStreamAsync(cancellationToken);
    }

    public void Dispose() => http.Dispose();

    private static string Name(string name) => Uri.EscapeDataString(name);

    private async Task<DropReceipt> UploadAsync(string path, Stream content, CancellationToken cancellationToken)
    {
        var body = new StreamContent(content, 1 << 20);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var answer = await SendAsync(HttpMethod.Put, path, body, cancellationToken);
        return await ReadAsync<DropReceipt>(answer, cancellationToken);
    }

    private async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, content: null, cancellationToken);
        return await ReadAsync<T>(answer, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? content,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException unreachable)
        {
            throw new ApiException(
                0,
                $"{Url} does not answer ({unreachable.Message}). Start the stack with 'serverless up', or name another app with --url."
            );
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            throw new ApiException((int)answer.StatusCode, Refusal(answer.StatusCode, path, text));
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.Content.ReadFromJsonAsync<T>(Json, cancellationToken)
                ?? throw new ApiException((int)answer.StatusCode, "The app answered with nothing; expected a document.");
        }
        catch (JsonException other)
        {
            throw new ApiException(
                (int)answer.StatusCode,
                $"{answer.RequestMessage?.RequestUri} answered with something that is no {typeof(T).Name} ({other.Message}). Is --url the address of a Serverless app of this version?"
            );
        }
    }

    private static string Refusal(HttpStatusCode status, string path, string text)
    {
        if (status == HttpStatusCode.Unauthorized)
        {
            return "The app refused the key. Give the right one with --key or SERVERLESS_KEY (locally it is in .serverless/keys.json).";
        }

        try
        {
            if (JsonSerializer.Deserialize<ApiError>(text, Json) is { Error.Length: > 0 } error)
            {
                return error.Errors is { Count: > 0 } all ? string.Join('\n', all.Prepend(error.Error).Distinct()) : error.Error;
            }
        }
        catch (JsonException)
        {
            // Not ours: shown as it is.
        }

        return status == HttpStatusCode.RequestEntityTooLarge
            ? "The file is larger than the app takes over HTTP. Upload it into container 'drop' with a storage tool; it starts the same run."
            : $"{path} answered {(int)status} {status}. {text.Trim()}";
    }
}
