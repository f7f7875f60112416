using System.Globalization;
using Microsoft.AspNetCore.Http;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Api;

/// <summary>What a caller asks for behind the question mark, or what is wrong with it.</summary>
internal static class QueryParameters
{
    /// <summary>Null where it is left out or empty.</summary>
    public static string? QueryText(this HttpRequest request, string name) =>
        request.Query.TryGetValue(name, out var values) && values.ToString() is { Length: > 0 } value ? value : null;

    /// <summary><c>state</c>: null for all.</summary>
    public static (RunState? State, IResult? Wrong) QueryState(this HttpRequest request)
    {
        if (request.QueryText("state") is not { } wanted)
        {
            return (null, null);
        }

        return Enum.TryParse<RunState>(wanted, ignoreCase: true, out var state) && !int.TryParse(wanted, out _)
            ? (state, null)
            : (
                null,
                Answers.BadRequest(
                    $"Found state '{wanted}'; expected one of {string.Join(", ", Enum.GetNames<RunState>()).ToLowerInvariant()}."
                )
            );
    }

    /// <summary><c>top</c>: how many at most.</summary>
    /// <param name="request">Of a list.</param>
    /// <param name="standard">Where it is left out.</param>
    /// <param name="most">The greatest that may be asked for.</param>
    public static (int Top, IResult? Wrong) QueryTop(this HttpRequest request, int standard, int most)
    {
        if (request.QueryText("top") is not { } text)
        {
            return (standard, null);
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var top) && top >= 1 && top <= most
            ? (top, null)
            : (0, Answers.BadRequest($"Found top '{text}'; expected a number from 1 to {most}."));
    }
}
