using System.Globalization;
using System.Text.RegularExpressions;
using Amqp.Framing;
using Amqp.Types;

namespace Serverless.Local.EventHubs;

/// <summary>Reads the position out of a receiver's selector filter.</summary>
internal static partial class Selector
{
    private static readonly Symbol FilterName = "apache.org:selector-filter:string";

    /// <exception cref="Amqp.AmqpException">The filter is none that the service knows.</exception>
    public static StartPosition Read(Source source)
    {
        var filter = source.FilterSet?[FilterName];
        if (filter is null)
            return StartPosition.Earliest;
        // Clients describe it by three different codes; the text is what counts.
        var text = filter is Described ? (filter as DescribedValue)?.Value as string : filter as string;
        return text is null ? throw Invalid($"{filter}") : Parse(text);
    }

    public static StartPosition Parse(string text)
    {
        if (Expression().Match(text) is not { Success: true } match)
            throw Invalid(text);
        var value = match.Groups["value"].Value;
        if (value == "@latest")
            return StartPosition.Latest;
        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            throw Invalid(text);
        var kind = match.Groups["name"].Value switch
        {
            "offset" => PositionKind.Offset,
            "sequence-number" => PositionKind.Sequence,
            _ => PositionKind.Time,
        };
        return new StartPosition(kind, number, match.Groups["operator"].Value == ">=");
    }

    private static Amqp.AmqpException Invalid(string text) =>
        BrokerErrors.New(
            BrokerErrors.ArgumentError,
            $"The filter \"{text}\" is not supported; expected amqp.annotation.x-opt-offset, x-opt-sequence-number or x-opt-enqueued-time, then > or >=, then a value."
        );

    [GeneratedRegex(
        @"^\s*amqp\.annotation\.x-opt-(?<name>offset|sequence-number|enqueued-time)\s*(?<operator>>=?)\s*(?<quote>'?)(?<value>@latest|-?\d{1,19})\k<quote>\s*$",
        RegexOptions.None,
        1000
    )]
    private static partial Regex Expression();
}
