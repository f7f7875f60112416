using Microsoft.Extensions.Configuration;

namespace Serverless.Local.Hosting;

/// <summary>Replaces <c>%Name%</c> in attributes and host.json by the app setting of that name.</summary>
internal static class SettingNames
{
    public static string Resolve(string text, IConfiguration configuration, string where)
    {
        // A sign without a second one is a sign.
        for (var from = 0; text.IndexOf('%', from) is var open and >= 0; )
        {
            var close = text.IndexOf('%', open + 1);
            if (close < 0)
                break;
            if (close == open + 1)
            {
                from = close;
                continue;
            }
            var value = Value(text[(open + 1)..close], configuration, where);
            text = string.Concat(text.AsSpan(0, open), value, text.AsSpan(close + 1));
            from = open + value.Length;
        }
        return text;
    }

    private static string Value(string name, IConfiguration configuration, string where) =>
        configuration[name.Replace("__", ":", StringComparison.Ordinal)]
        ?? throw new InvalidOperationException(
            $"{where}: '%{name}%' does not resolve to a value. Set '{name}' in local.settings.json (Values) or in the environment."
        );
}
