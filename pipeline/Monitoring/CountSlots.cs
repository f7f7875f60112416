using System.Globalization;

namespace Serverless.Pipeline.Monitoring;

/// <summary>
/// Counts are kept by slots of five minutes, so that a window of any length can be summed from them, also after its length was changed.
/// </summary>
internal static class CountSlots
{
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(5);

    private const string Format = "yyyyMMdd'T'HHmm'Z'";

    /// <summary>The start of the slot, or of the window of another length, that a moment lies in.</summary>
    public static DateTimeOffset Start(DateTimeOffset moment, TimeSpan? length = null) =>
        new(moment.UtcTicks - (moment.UtcTicks % (length ?? Length).Ticks), TimeSpan.Zero);

    public static string Name(DateTimeOffset slot) => slot.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>Null for what is no slot's name.</summary>
    public static DateTimeOffset? Parse(ReadOnlySpan<char> name) =>
        DateTimeOffset.TryParseExact(
            name,
            Format,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var slot
        )
            ? slot
            : null;
}
