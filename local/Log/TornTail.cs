namespace Serverless.Local.Logs;

/// <summary>A process that died in a write leaves half a record at the end of the last segment.</summary>
internal static class TornTail
{
    /// <summary>Cuts the file after its last whole record. Damage with whole records behind it is no torn tail and stays.</summary>
    public static void Cut(Segment segment)
    {
        var whole = segment.Start;
        foreach (var record in LogReader.ReadAll(segment, segment.Start, segment.End))
        {
            if (!record.IsDamaged)
                whole = record.Next;
        }
        if (whole == segment.End)
            return;
        RandomAccess.SetLength(segment.File, whole - segment.Start);
        RandomAccess.FlushToDisk(segment.File);
        segment.Length = whole - segment.Start;
    }
}
