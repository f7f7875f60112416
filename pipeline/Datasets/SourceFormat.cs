using System.IO.Compression;
using System.Text;
using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Datasets;

internal enum SourceKind
{
    Csv,
    GzipCsv,
    Parquet,
}

/// <summary>What a file is, by its bytes alone; names and extensions do not count.</summary>
/// <param name="Kind">How to read it.</param>
/// <param name="Prefix">CSV: the text at its start, without a byte-order mark.</param>
/// <param name="Complete">Whether <paramref name="Prefix"/> is all of it.</param>
internal sealed record SourceFormat(SourceKind Kind, string Prefix, bool Complete)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly (byte[] Magic, string Name)[] Known =
    [
        ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive (or an Excel workbook)"),
        ([0xD0, 0xCF, 0x11, 0xE0], "an old Excel or Office file"),
        ("%PDF"u8.ToArray(), "a PDF document"),
        ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
        ([0xFF, 0xD8, 0xFF], "a JPEG image"),
        ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard archive"),
        ("BZh"u8.ToArray(), "a bzip2 archive"),
        ("7z\u00BC\u00AF"u8.ToArray(), "a 7-Zip archive"),
        ("SQLite format 3"u8.ToArray(), "an SQLite database"),
        ("ORC"u8.ToArray(), "an ORC file"),
        ("Obj\u0001"u8.ToArray(), "an Avro file"),
    ];

    /// <exception cref="UnusableFileException">Empty, or not CSV, gzip or Parquet.</exception>
    public static SourceFormat Detect(string path, int sniffBytes)
    {
        using var file = File.OpenRead(path);
        if (file.Length == 0)
        {
            throw Empty("0 bytes");
        }

        var start = ReadUpTo(file, 16);
        file.Position = 0;
        if (start.AsSpan().StartsWith("PAR1"u8))
        {
            return new SourceFormat(SourceKind.Parquet, "", Complete: false);
        }

        if (start is not [0x1F, 0x8B, ..])
        {
            return Text(SourceKind.Csv, ReadUpTo(file, sniffBytes), sniffBytes);
        }

        try
        {
            using var unpacked = new GZipStream(file, CompressionMode.Decompress);
            return Text(SourceKind.GzipCsv, ReadUpTo(unpacked, sniffBytes), sniffBytes);
        }
        catch (InvalidDataException broken)
        {
            throw Unusable(
                "binary-file",
                $"a gzip file that cannot be unpacked ({broken.Message})",
                "a whole gzip file",
                "Compress it again."
            );
        }
    }

    private static SourceFormat Text(SourceKind kind, byte[] bytes, int sniffBytes)
    {
        var inside = kind == SourceKind.GzipCsv ? " inside gzip" : "";
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            throw Unusable("not-utf8", $"UTF-16 text{inside}", "UTF-8", "Save the file as UTF-8 (in Excel: \"CSV UTF-8\").");
        }

        foreach (var (magic, name) in Known)
        {
            if (bytes.AsSpan().StartsWith(magic))
            {
                throw Binary(name + inside);
            }
        }

        if (bytes.AsSpan().StartsWith("PAR1"u8))
        {
            throw Binary("a Parquet file" + inside);
        }

        var controls = bytes.Count(b => b is < 32 and not (9 or 10 or 12 or 13));
        if (bytes.Contains((byte)0) || controls > bytes.Length / 100)
        {
            throw Binary($"binary content{inside} ({controls:N0} control characters in the first {bytes.Length:N0} bytes)");
        }

        var text = Decode(bytes, complete: bytes.Length < sniffBytes);
        return text.AsSpan().Trim().IsEmpty
            ? throw Empty("nothing but white space")
            : new SourceFormat(kind, text, bytes.Length < sniffBytes);
    }

    private static string Decode(byte[] bytes, bool complete)
    {
        var skip = bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
        var end = bytes.Length;

        // The last character may be cut in two.
        if (!complete)
        {
            while (end > skip && (bytes[end - 1] & 0xC0) == 0x80)
            {
                end--;
            }

            end -= end > skip && bytes[end - 1] >= 0xC0 ? 1 : 0;
        }

        try
        {
            return Strict.GetString(bytes, skip, end - skip);
        }
        catch (DecoderFallbackException wrong)
        {
            var at = Math.Max(0, wrong.Index) + skip;
            var line = bytes.AsSpan(0, Math.Min(at, bytes.Length)).Count((byte)'\n') + 1;
            throw Unusable("not-utf8", $"bytes in line {line:N0} that are not UTF-8", "UTF-8", "Save the file as UTF-8.");
        }
    }

    private static byte[] ReadUpTo(Stream stream, int bytes)
    {
        var buffer = new byte[bytes];
        return buffer[..stream.ReadAtLeast(buffer, bytes, throwOnEndOfStream: false)];
    }

    private static UnusableFileException Empty(string found) =>
        Unusable("empty-file", $"an empty file ({found})", "a header and rows", "Check the export and drop the file again.");

    private static UnusableFileException Binary(string found) =>
        Unusable("binary-file", found, "CSV (also gzip-compressed) or Parquet", "Export the table as CSV or Parquet and drop that.");

    private static UnusableFileException Unusable(string code, string found, string expected, string advice) =>
        new(DataProblems.Error(code, found, expected, advice));
}
