using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Serverless.Pipeline.Definitions;

/// <summary>Text to nodes with positions; refuses what could take long or deep before a tree is made of it.</summary>
internal static class YamlDocument
{
    /// <summary>Longest text, in characters.</summary>
    public const int MaxLength = 256 * 1024;

    private const int MaxDepth = 32;

    private const string Advice = "Check indentation (blanks, no tabs), quotes and colons.";

    /// <summary>The root, or the mistake that keeps it from being read.</summary>
    public static (YamlNode? Root, DefinitionMistake? Mistake) Parse(string yaml)
    {
        if (yaml.Length > MaxLength)
        {
            return Fail(
                Mark.Empty,
                $"Found {yaml.Length:N0} characters; expected at most {MaxLength:N0}. Check that this is the right file."
            );
        }

        try
        {
            if (Refusal(yaml) is { } refusal)
            {
                return (null, refusal);
            }

            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            return (stream.Documents[0].RootNode, null);
        }
        catch (YamlException error)
        {
            return Fail(error.Start, $"Found text that is not YAML: {Reason(error)} {Advice}");
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or FormatException)
        {
            // On some broken text the parser fails in itself (an empty stack, for one) without a position.
            return Fail(Mark.Empty, $"Found text that is not YAML: {error.Message} {Advice}");
        }
    }

    private static DefinitionMistake? Refusal(string yaml)
    {
        var parser = new Parser(new StringReader(yaml));
        var (depth, documents) = (0, 0);
        while (parser.MoveNext())
        {
            var now = parser.Current!;
            depth += now.NestingIncrease;
            documents += now is DocumentStart ? 1 : 0;
            var message = now switch
            {
                AnchorAlias => "Found an alias (*name); expected every value written out. Replace the alias by what it stands for.",
                _ when depth > MaxDepth =>
                    $"Found more than {MaxDepth} levels; expected a pipeline.yaml of a few levels. Check the brackets.",
                _ when documents > 1 => "Found a second document (---); expected one pipeline a file. Move it into a file of its own.",
                _ => null,
            };
            if (message is not null)
            {
                return new DefinitionMistake(now.Start.Line, now.Start.Column, "", message);
            }
        }

        return documents == 0
            ? new DefinitionMistake(1, 1, "", "Found an empty file; expected a pipeline with 'name' and 'data'. See docs/pipeline-yaml.md.")
            : null;
    }

    private static string Reason(YamlException error)
    {
        var message = (error.InnerException as YamlException ?? error).Message;
        return message.EndsWith('.') ? message : message + ".";
    }

    private static (YamlNode?, DefinitionMistake) Fail(Mark at, string message) =>
        (null, new DefinitionMistake(Math.Max(1, at.Line), Math.Max(1, at.Column), "", message));
}
