using Microsoft.Win32.SafeHandles;

namespace Serverless.Local.Logs;

/// <summary>Reads records out of one segment.</summary>
internal static class LogReader
{
    private const int FirstRead = 1024;
    private const int WindowBytes = 256 * 1024;

    public static LogRecord Read(Segment segment, long position)
    {
        var buffer = new byte[(int)Math.Min(FirstRead, segment.End - position)];
        Fill(segment.File, buffer, position - segment.Start);
        if (!Frame.TryReadHeader(buffer, position, out var length, out var tag, out var checksum))
            return new LogRecord(position, position, 0, default, true);
        var next = position + Frame.HeaderBytes + length;
        if (next > segment.End)
            return new LogRecord(position, segment.End, tag, default, true);
        if (next - position > buffer.Length)
        {
            var read = buffer.Length;
            Array.Resize(ref buffer, Frame.HeaderBytes + length);
            Fill(segment.File, buffer.AsSpan(read), position - segment.Start + read);
        }
        var payload = buffer.AsMemory(Frame.HeaderBytes, length);
        return Frame.Checksum(payload.Span) == checksum
            ? new LogRecord(position, next, tag, payload, false)
            : new LogRecord(position, next, tag, payload, true);
    }

    public static IEnumerable<LogRecord> ReadAll(Segment segment, long from, long to)
    {
        // A reader that follows the end asks for little, often.
        var window = new byte[(int)Math.Clamp(to - from, Frame.HeaderBytes, WindowBytes)];
        var (windowStart, windowLength) = (from, 0);
        for (var position = from; position < to; )
        {
            if (!Load(Frame.HeaderBytes))
            {
                yield return new LogRecord(position, to, 0, default, true);
                yield break;
            }
            var at = (int)(position - windowStart);
            var next = Frame.TryReadHeader(window.AsSpan(at, Frame.HeaderBytes), position, out var length, out var tag, out var checksum)
                ? position + Frame.HeaderBytes + length
                : 0;
            if (next > to || next == 0)
            {
                // No trustworthy header: look for the next place where a whole record begins.
                next = FindWhole(segment, position + 1, to);
                yield return new LogRecord(position, next, 0, default, true);
            }
            else
            {
                Load(Frame.HeaderBytes + length);
                var payload = window.AsMemory((int)(position - windowStart) + Frame.HeaderBytes, length);
                var sound = Frame.Checksum(payload.Span) == checksum;
                yield return new LogRecord(position, next, tag, payload, !sound);
            }
            position = next;

            bool Load(int needed)
            {
                if (position + needed > to)
                    return false;
                if (position >= windowStart && position + needed <= windowStart + windowLength)
                    return true;
                if (window.Length < needed)
                    window = new byte[needed];
                windowLength = (int)Math.Min(window.Length, to - position);
                windowStart = position;
                Fill(segment.File, window.AsSpan(0, windowLength), position - segment.Start);
                return true;
            }
        }
    }

    /// <summary>Position of the first whole record at or after a position, or <paramref name="to"/>.</summary>
    private static long FindWhole(Segment segment, long from, long to)
    {
        if (to - from < Frame.HeaderBytes)
            return to;
        var rest = new byte[to - from];
        Fill(segment.File, rest, from - segment.Start);
        for (var at = 0; at <= rest.Length - Frame.HeaderBytes; at++)
        {
            if (
                Frame.TryReadHeader(rest.AsSpan(at), from + at, out var length, out _, out var checksum)
                && length <= rest.Length - at - Frame.HeaderBytes
                && Frame.Checksum(rest.AsSpan(at + Frame.HeaderBytes, length)) == checksum
            )
                return from + at;
        }
        return to;
    }

    private static void Fill(SafeFileHandle file, Span<byte> target, long offset)
    {
        while (target.Length > 0)
        {
            var read = RandomAccess.Read(file, target, offset);
            if (read == 0)
                throw new EndOfStreamException($"The log segment ends at byte {offset}; it was longer when it was opened.");
            target = target[read..];
            offset += read;
        }
    }
}
