using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Testing;

namespace Serverless.Local.Tests.Hosting;

/// <summary>Which key opens which function, by the level that the function asks for.</summary>
public sealed class HttpKeyTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_Keys_OpenTheirLevelAndNoHigher()
    {
        await using var app = await TestApp.StartAsync(typeof(Levels));
        Assert.Equal(HttpStatusCode.OK, await Status(app, "/api/Open", null));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status(app, "/api/ByDefault", null));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status(app, "/api/ByDefault", "wrong"));
        Assert.Equal(HttpStatusCode.OK, await Status(app, "/api/ByDefault", app.Key));
        Assert.Equal(HttpStatusCode.OK, await Status(app, "/api/ByDefault", app.MasterKey));
        Assert.Equal(HttpStatusCode.OK, await Status(app, "/api/ByDefault?code=" + Uri.EscapeDataString(app.Key), null));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status(app, "/api/ForAdmins", app.Key));
        Assert.Equal(HttpStatusCode.OK, await Status(app, "/api/ForAdmins", app.MasterKey));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status(app, "/admin/host/status", app.Key));
        Assert.Equal(HttpStatusCode.OK, await Status(app, "/admin/host/status", app.MasterKey));
        Assert.Equal(HttpStatusCode.OK, await Status(app, "/admin/host/ping", null));
    }

    [Fact]
    public async Task Get_SystemAndUserLevel_TakeTheirOwnKeyOrTheMasterKeyAlone()
    {
        await using var app = await TestApp.StartAsync(typeof(RareLevels));
        foreach (var path in (string[])["/api/ForSystems", "/api/ForUsers"])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await Status(app, path, null));
            Assert.Equal(HttpStatusCode.Unauthorized, await Status(app, path, app.Key));
            Assert.Equal(HttpStatusCode.OK, await Status(app, path, app.MasterKey));
        }
        Assert.Equal(HttpStatusCode.OK, await Status(app, "/api/ForSystems", app.SystemKey));
        // A user is somebody who has signed in, which nobody has here.
        Assert.Equal(HttpStatusCode.Unauthorized, await Status(app, "/api/ForUsers", app.SystemKey));
    }

    [Fact]
    public async Task Get_KeyOfAFunction_OpensThatFunctionAlone()
    {
        using var folder = new TestFolder();
        folder.Write(
            ".serverless/keys.json",
            """
            {
              "masterKey": "master",
              "functionKeys": { "default": "host" },
              "systemKeys": { "durabletask_extension": "system" },
              "functions": { "bydefault": { "partner": "own" }, "ForAdmins": { "partner": "own" } }
            }
            """
        );
        await using var app = await TestApp.StartAsync(TestApp.Builder(folder.Path, typeof(Levels), typeof(Closed)).Build(), folder.Path);
        Assert.Equal(HttpStatusCode.OK, await Status(app, "/api/ByDefault", "own"));
        Assert.Equal(HttpStatusCode.OK, await Status(app, "/api/ByDefault", "host"));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status(app, "/api/Closed", "own"));
        Assert.Equal(HttpStatusCode.OK, await Status(app, "/api/Closed", "host"));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status(app, "/api/ForAdmins", "own"));
    }

    [Fact]
    public async Task Start_FunctionsKeySet_OpensWithItInsteadOfTheKeyInTheFile()
    {
        await using var app = await TestApp.StartWithAsync(new() { ["FUNCTIONS_KEY"] = "chosen" }, typeof(Levels));
        Assert.Equal(HttpStatusCode.OK, await Status(app, "/api/ByDefault", "chosen"));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status(app, "/api/ByDefault", app.Key));
    }

    private static async Task<HttpStatusCode> Status(TestApp app, string path, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (key is not null)
            request.Headers.Add("x-functions-key", key);
        using var response = await app.Client.SendAsync(request, Stop);
        return response.StatusCode;
    }

    public static class Levels
    {
        [Function("Open")]
        public static string Open([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => "open";

        [Function("ByDefault")]
        public static string ByDefault([HttpTrigger("get")] HttpRequest request) => "function";

        [Function("ForAdmins")]
        public static string ForAdmins([HttpTrigger(AuthorizationLevel.Admin, "get")] HttpRequest request) => "admin";
    }

    public static class Closed
    {
        [Function("Closed")]
        public static string Run([HttpTrigger("get")] HttpRequest request) => "closed";
    }

    public static class RareLevels
    {
        [Function("ForSystems")]
        public static string Systems([HttpTrigger(AuthorizationLevel.System, "get")] HttpRequest request) => "system";

        [Function("ForUsers")]
        public static string Users([HttpTrigger(AuthorizationLevel.User, "get")] HttpRequest request) => "user";
    }
}
