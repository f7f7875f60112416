using System.Text.RegularExpressions;

namespace Serverless.Pipeline.Definitions;

/// <summary>What a schema cannot say of a command.</summary>
internal static partial class CommandRules
{
    private const int MaxParameters = 100;

    public static IEnumerable<(string Key, string Message)> Of(CommandSettings command)
    {
        if (command.Timeout < TimeSpan.FromSeconds(1) || command.Timeout > TimeSpan.FromDays(30))
        {
            yield return ("timeout", $"Found {command.Timeout.TotalMinutes:0.##} minutes; expected 1s to 30d.");
        }

        if (command.Grace < TimeSpan.FromSeconds(1) || command.Grace > TimeSpan.FromSeconds(25))
        {
            yield return ("grace", $"Found {command.Grace.TotalSeconds:0} s; expected 1s to 25s: an eviction is announced 30 s before.");
        }

        if (command.Code is { } code && !TrainerCode.IsName(code) && !IsFolderBeside(code))
        {
            yield return ("code", $"Found '{code}'; expected a folder beside pipeline.yaml or below it, such as 'trainer'.");
        }

        if (command.Parameters.Keys.FirstOrDefault(name => !ParameterName().IsMatch(name)) is { } odd)
        {
            yield return (
                "parameters",
                $"Found '{odd}'; expected a letter, then letters, digits and underscores, at most 64: programs find it in their environment."
            );
        }

        if (command.Parameters.Count > MaxParameters)
        {
            yield return (
                "parameters",
                $"Found {command.Parameters.Count} parameters; expected at most {MaxParameters}. Put the others into a file beside the program."
            );
        }
    }

    private static bool IsFolderBeside(string code) =>
        !code.Contains(':') && !code.Contains('\\') && code[0] != '/' && !code.Split('/').Contains("..");

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex ParameterName();
}
