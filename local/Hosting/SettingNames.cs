using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Serverless.Local.Hosting;

/// <summary>Replaces <c>%Name%</c> in attributes and host.json by the app setting of that name.</summary>
internal static partial class SettingNames
{
    public static string Resolve(string text, IConfiguration configuration, string where) =>
        text.Contains('%', StringComparison.Ordinal)
            ? Reference()
                .Replace(
                    text,
                    match =>
                        configuration[match.Groups[1].Value.Replace("__", ":", StringComparison.Ordinal)]
                        ?? throw new InvalidOperationException(
                            $"{where}: '{match.Value}' does not resolve to a value. Set '{match.Groups[1].Value}' in local.settings.json (Values) or in the environment."
                        )
                )
            : text;

    [GeneratedRegex("%([^%]+)%", RegexOptions.None, 1000)]
    private static partial Regex Reference();
}
