using System.Buffers.Binary;
using System.Text;

namespace Serverless.GpuWorker.Trainers.Torch.Native;

/// <summary>
/// A version that a shared library (ELF, 64 bits, little endian) asks of another one. The loader refuses the library where that version is
/// missing, unless the requirement is weak (VER_FLG_WEAK, "Symbol Versioning" of the Linux Standard Base).
/// </summary>
internal static class ElfRequirement
{
    private const uint VersionNeeds = 0x6ffffffe;
    private const uint VersionSymbols = 0x6fffffff;
    private const ushort Weak = 2;

    // Sizes and offsets of Elf64_Ehdr, Elf64_Shdr, Elf64_Sym, Elf64_Verneed and Elf64_Vernaux.
    private const int SectionTable = 0x28;
    private const int SectionEntrySize = 0x3A;
    private const int SectionCount = 0x3C;
    private const int SymbolSize = 24;

    /// <summary>Marks the requirement weak, in place. Doing it twice changes nothing.</summary>
    /// <param name="image">The whole file.</param>
    /// <param name="version">Such as <c>GLIBCXX_3.4.32</c>.</param>
    /// <param name="marker">The one symbol that may be bound to the version: one that nothing calls.</param>
    /// <returns>Whether the file has such a requirement.</returns>
    /// <exception cref="InvalidDataException">It is no such file, or other symbols need the version too: then it must not be weak.</exception>
    public static bool Weaken(Span<byte> image, string version, string marker)
    {
        if (image.Length < 64 || !image[..6].SequenceEqual("\u007fELF\u0002\u0001"u8))
        {
            throw new InvalidDataException("It is no 64-bit little-endian ELF file.");
        }

        try
        {
            return Find(image, VersionNeeds) is { } needs && Weaken(image, needs, version, marker);
        }
        catch (Exception outside) when (outside is ArgumentOutOfRangeException or OverflowException or IndexOutOfRangeException)
        {
            throw new InvalidDataException("The ELF file points outside of itself.", outside);
        }
    }

    private static bool Weaken(Span<byte> image, Section needs, string version, string marker)
    {
        var names = At(image, needs.Link);
        var found = false;
        for (var library = needs.Offset; ; )
        {
            var requirement = library + Int32(image, library + 8);
            for (var left = Int16(image, library + 2); left > 0; left--)
            {
                if (Text(image, names.Offset + Int32(image, requirement + 8)) == version)
                {
                    RequireOnly(image, Int16(image, requirement + 6), marker);
                    var flags = (ushort)(Int16(image, requirement + 4) | Weak);
                    BinaryPrimitives.WriteUInt16LittleEndian(image[(requirement + 4)..], flags);
                    found = true;
                }

                requirement += Int32(image, requirement + 12);
            }

            var next = Int32(image, library + 12);
            if (next == 0)
            {
                return found;
            }

            library += next;
        }
    }

    private static void RequireOnly(ReadOnlySpan<byte> image, int index, string marker)
    {
        var versions = Find(image, VersionSymbols) ?? throw new InvalidDataException("The ELF file has no versions of symbols.");
        var symbols = At(image, versions.Link);
        var names = At(image, symbols.Link);
        for (var i = 0; i < versions.Size / 2; i++)
        {
            // The highest bit only hides the symbol.
            if ((Int16(image, versions.Offset + i * 2) & 0x7fff) != index)
            {
                continue;
            }

            var symbol = Text(image, names.Offset + Int32(image, symbols.Offset + i * SymbolSize));
            if (symbol != marker)
            {
                throw new InvalidDataException($"Symbol '{symbol}' needs the version too; expected '{marker}' alone.");
            }
        }
    }

    private static Section? Find(ReadOnlySpan<byte> image, uint type)
    {
        for (var i = 0; i < Int16(image, SectionCount); i++)
        {
            if (At(image, i) is var section && section.Type == type)
            {
                return section;
            }
        }

        return null;
    }

    private static Section At(ReadOnlySpan<byte> image, int index)
    {
        var at = Int64(image, SectionTable) + index * Int16(image, SectionEntrySize);
        return new Section((uint)Int32(image, at + 4), Int64(image, at + 24), Int64(image, at + 32), Int32(image, at + 40));
    }

    private static string Text(ReadOnlySpan<byte> image, int at)
    {
        var rest = image[at..];
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    private static int Int16(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt16LittleEndian(image[at..]);

    private static int Int32(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadInt32LittleEndian(image[at..]);

    private static int Int64(ReadOnlySpan<byte> image, int at) => checked((int)BinaryPrimitives.ReadInt64LittleEndian(image[at..]));

    private readonly record struct Section(uint Type, int Offset, int Size, int Link);
}
