using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Serverless.Cli.Estimate;

/// <summary>
/// Reads a value that is written out in Bicep: text, number, truth value, array, object. An expression is none: what it gives is known to the
/// Bicep CLI alone.
/// </summary>
internal sealed class BicepLiteral
{
    private readonly string text;
    private int at;

    private BicepLiteral(string text, int start) => (this.text, at) = (text, start);

    /// <summary>The value that begins there; null is Bicep's <c>null</c>.</summary>
    /// <returns>False when there is an expression.</returns>
    public static bool TryRead(string text, int start, out JsonNode? value)
    {
        try
        {
            value = new BicepLiteral(text, start).Value();
            return true;
        }
        catch (FormatException)
        {
            value = null;
            return false;
        }
    }

    private JsonNode? Value()
    {
        SkipSpace(lines: false);
        return Peek() switch
        {
            '\'' => Text(),
            '[' => Array(),
            '{' => Object(),
            '-' or (>= '0' and <= '9') => Number(),
            _ => Word() switch
            {
                "true" => true,
                "false" => false,
                "null" => null,
                _ => throw new FormatException(),
            },
        };
    }

    private JsonArray Array()
    {
        var array = new JsonArray();
        for (at++; !Ends(']'); )
        {
            array.Add(Value());
        }

        return array;
    }

    private JsonObject Object()
    {
        var found = new JsonObject();
        for (at++; !Ends('}'); )
        {
            var key = Peek() == '\'' ? Text().GetValue<string>() : Word();
            SkipSpace(lines: false);
            if (key.Length == 0 || Peek() != ':')
            {
                throw new FormatException();
            }

            at++;
            found[key] = Value();
        }

        return found;
    }

    /// <summary>Passes separators; true, and past it, when the closing sign is next.</summary>
    private bool Ends(char closing)
    {
        SkipSpace(lines: true);
        if (Peek() != closing)
        {
            return false;
        }

        at++;
        return true;
    }

    private JsonValue Text()
    {
        var read = new StringBuilder();
        for (at++; Peek() != '\''; at++)
        {
            var character = Peek();
            if (character is '\0' or '\n' || (character == '$' && at + 1 < text.Length && text[at + 1] == '{'))
            {
                throw new FormatException();
            }

            if (character == '\\')
            {
                at++;
                character = Peek() switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    var other => other,
                };
            }

            read.Append(character);
        }

        at++;
        // Three in a row open a text of many lines: none of ours.
        return read.Length == 0 && Peek() == '\'' ? throw new FormatException() : JsonValue.Create(read.ToString());
    }

    private JsonValue Number()
    {
        var start = at++;
        while (char.IsAsciiDigit(Peek()))
        {
            at++;
        }

        return JsonValue.Create(long.Parse(text.AsSpan(start, at - start), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }

    private string Word()
    {
        var start = at;
        while (char.IsAsciiLetterOrDigit(Peek()) || Peek() == '_')
        {
            at++;
        }

        // A call, a member, a choice: the word was the beginning of an expression.
        return Peek() is '(' or '.' or '[' ? throw new FormatException() : text[start..at];
    }

    private void SkipSpace(bool lines)
    {
        while (true)
        {
            if (Peek() is ' ' or '\t' || (lines && Peek() is '\n' or '\r' or ','))
            {
                at++;
            }
            else if (lines && Peek() == '/' && at + 1 < text.Length && text[at + 1] == '/')
            {
                at = text.IndexOf('\n', at) is >= 0 and var end ? end : text.Length;
            }
            else
            {
                return;
            }
        }
    }

    private char Peek() => at < text.Length ? text[at] : '\0';
}
