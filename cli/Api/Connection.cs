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
        var named = Named(arguments);
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

        return new ApiClient(url, KeyFor(arguments, named, state));
    }

    /// <summary>An app is named.</summary>
    public static bool IsNamed(ParseResult arguments) => Named(arguments) is not null;

    /// <summary>An app is named, or one runs here.</summary>
    public static bool HasApp(ParseResult arguments) => IsNamed(arguments) || StateFolder.Nearest().RunningApp() is not null;

    /// <summary>The key that <see cref="Open"/> would send.</summary>
    public static string? KeyOf(ParseResult arguments) => KeyFor(arguments, Named(arguments), StateFolder.Nearest());

    private static string? Named(ParseResult arguments) =>
        arguments.GetValue(Url) ?? NotEmpty(Environment.GetEnvironmentVariable(UrlVariable));

    private static string? KeyFor(ParseResult arguments, string? named, StateFolder state)
    {
        // The local key is nobody else's business: a named remote app gets only a key that was named too.
        var local = named is null || named.TrimEnd('/') == state.App()?.Url.TrimEnd('/');
        return arguments.GetValue(Key) ?? NotEmpty(Environment.GetEnvironmentVariable(KeyVariable)) ?? (local ? state.Key() : null);
    }

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
