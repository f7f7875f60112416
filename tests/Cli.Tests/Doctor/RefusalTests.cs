using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Serverless.Cli.Doctor;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Storage;

namespace Serverless.Cli.Tests.Doctor;

/// <summary>What Azure answers and Azurite never does: a server that refuses, or that is no storage at all.</summary>
public sealed class RefusalTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(403, "AuthorizationPermissionMismatch", "Storage Blob Data Reader")]
    [InlineData(403, "AuthorizationFailure", "network")]
    [InlineData(403, "KeyBasedAuthenticationNotPermitted", "--account")]
    [InlineData(403, "AuthenticationFailed", "clock")]
    [InlineData(404, "", "another program")]
    public async Task Storage_Refuses_SaysWhyAndWhatToDo(int status, string code, string said)
    {
        await using var server = await ServerAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers["x-ms-error-code"] = code;
        });
        var url = server.Urls.First();
        var clients = StorageClients.FromConnectionString(
            $"AccountName=a;AccountKey={AzuriteOptions.DevelopmentKey};BlobEndpoint={url}/a;QueueEndpoint={url}/a;TableEndpoint={url}/a"
        );

        var blobs = (await new StorageCheck(clients, TimeProvider.System, local: false).RunAsync(Token))[0];

        Assert.Equal(Verdict.Error, blobs.Verdict);
        Assert.Contains(said, $"{blobs.Found} {blobs.Advice}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task App_RefusesTheKey_SaysWhereKeysAre()
    {
        await using var server = await ServerAsync(context =>
            context.Response.StatusCode = context.Request.Path.StartsWithSegments("/v2/health", StringComparison.Ordinal) ? 200 : 401
        );

        var findings = await new AppCheck(new Uri(server.Urls.First() + "/"), "wrong").RunAsync(Token);

        Assert.Equal([Verdict.Ok, Verdict.Ok, Verdict.Error], findings.Select(finding => finding.Verdict));
        Assert.Contains("az functionapp keys list", findings[^1].Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.1", Verdict.Warning, "0.0.1; this command line is ")]
    [InlineData(null, Verdict.Ok, ", as this command line")]
    public async Task App_OfAnotherVersion_IsTold(string? version, object verdict, string said)
    {
        version ??= typeof(AppCheck).Assembly.GetName().Version!.ToString(3);
        await using var server = await ServerAsync(context =>
        {
            var text = context.Request.Path.Value switch
            {
                "/api/runs" => "{\"runs\":[],\"continuation\":null}",
                "/v2" when context.Request.Headers["x-functions-key"] == "k" => $"{{\"name\":\"serverless\",\"version\":\"{version}\"}}",
                _ => "",
            };
            context.Response.ContentType = "application/json";
            context.Response.BodyWriter.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text)).AsTask().GetAwaiter().GetResult();
        });

        var findings = await new AppCheck(new Uri(server.Urls.First() + "/"), "k").RunAsync(Token);

        Assert.Equal(("app, version", (Verdict)verdict), (findings[^1].Check, findings[^1].Verdict));
        Assert.Contains(said, findings[^1].Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task App_NotReady_IsTold()
    {
        await using var server = await ServerAsync(context =>
            context.Response.StatusCode = context.Request.Path.Value!.EndsWith("/ready", StringComparison.Ordinal) ? 503 : 200
        );

        var findings = await new AppCheck(new Uri(server.Urls.First() + "/"), key: null).RunAsync(Token);

        Assert.Contains("/v2/health/ready answered 503", findings[1].Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task App_NotThere_IsOneFinding()
    {
        var findings = await new AppCheck(new Uri("http://127.0.0.1:1/"), key: null).RunAsync(Token);

        Assert.Equal(Verdict.Error, Assert.Single(findings).Verdict);
        Assert.Contains("is the app running", findings[0].Advice, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> ServerAsync(Action<HttpContext> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        server.Run(context =>
        {
            answer(context);
            return Task.CompletedTask;
        });
        await server.StartAsync(Token);
        return server;
    }
}
