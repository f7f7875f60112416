using System.CommandLine;
using Serverless.Cli.Stack;

namespace Serverless.Cli.Api;

/// <summary>Which app a command speaks to: <c>--url</c> and <c>--key</c>, else the stack that runs here.</summary>
internal static class Connection
{
    public const string UrlVariable = "SERVERLESS_URL";
    public const string KeyVariable = "SERVERLESS_KEY";

    public static Option<string?> Url { get; } =
        new("--url") { Description = $"Address of the app. Default: {UrlVariable}, else the stack that runs here.", HelpName = "URL" };

    public static Option<string?> Key { get; } =
        new("--key") { Description = $"Function key. Default: {KeyVariable}, else the running stack's own.", HelpName = "KEY" };

    /// <exception cref="StackException">No app is named and none runs here.</exception>
    public static ApiClient Open(ParseResult arguments)
    {
        var state = StateFolder.Nearest();
        var named = arguments.GetValue(Url) ?? NotEmpty(Environment.GetEnvironmentVariable(UrlVariable));
        var address =
            named
            ?? state.RunningApp()?.Url
            ?? throw new StackException(
                "No app runs here. Start the stack with 'serverless up' (in another terminal), or name an app with --url."
            );
        if (!Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new StackException($"--url is '{address}'; expected an address such as https://myapp.azurewebsites.net.");
        }

        // The local key is nobody else's business: a named remote app gets only a key that was named too.
        var local = named is null || named.TrimEnd('/') == state.App()?.Url.TrimEnd('/');
        var key = arguments.GetValue(Key) ?? NotEmpty(Environment.GetEnvironmentVariable(KeyVariable)) ?? (local ? state.Key() : null);
        return new ApiClient(url, key);
    }

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
