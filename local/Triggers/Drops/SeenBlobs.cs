using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Serverless.Local.Triggers.Drops;

/// <summary>
/// Etags of blobs that were told of, each with a number that only grows, in a file that only grows until it holds mostly what is gone. A line that a crash cut short is
/// ignored: its blob is told of once more.
/// </summary>
internal sealed class SeenBlobs : IDisposable
{
    private const int Slack = 1_000;
    private readonly string _path;
    private readonly Dictionary<string, (string ETag, long Number)> _told = new(StringComparer.Ordinal);
    private FileStream _file;
    private int _lines;

    public SeenBlobs(string path)
    {
        _path = path;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (File.Exists(path))
        {
            foreach (var line in File.ReadLines(path))
                Load(line);
        }
        _file = Open();
        // Ends a line that was cut short, so that it does not spoil the next.
        if (_file.Length > 0)
            _file.WriteByte((byte)'\n');
    }

    /// <summary>The highest number given, 0 before the first.</summary>
    public long Last { get; private set; }

    public bool Has(string name, string etag) => _told.TryGetValue(name, out var seen) && seen.ETag == etag;

    public void Add(string name, string etag)
    {
        Last++;
        _told[name] = (etag, Last);
        Append(name, etag, Last);
        _file.Flush();
    }

    /// <summary>Numbers go on after this one.</summary>
    public void Reach(long number) => Last = Math.Max(Last, number);

    /// <summary>Takes back what was told after a number; their names.</summary>
    public IReadOnlyList<string> ForgetAfter(long number)
    {
        List<string> names = [.. _told.Where(one => one.Value.Number > number).Select(one => one.Key)];
        foreach (var name in names)
            _told.Remove(name);
        Rewrite();
        Last = number;
        return names;
    }

    /// <summary>Forgets what is no longer there, and writes the file anew when that is most of it.</summary>
    public void Keep(HashSet<string> names)
    {
        if (_told.Count > names.Count)
        {
            foreach (var gone in _told.Keys.Where(n => !names.Contains(n)).ToList())
                _told.Remove(gone);
        }
        if (_lines > (2 * _told.Count) + Slack)
            Rewrite();
    }

    public void Dispose() => _file.Dispose();

    private void Rewrite()
    {
        _file.Dispose();
        File.WriteAllLines(_path + ".new", _told.Select(e => Line(e.Key, e.Value.ETag, e.Value.Number)));
        File.Move(_path + ".new", _path, overwrite: true);
        _lines = _told.Count;
        _file = Open();
    }

    private void Load(string line)
    {
        try
        {
            if (line.Length > 0 && JsonSerializer.Deserialize<string[]>(line) is [var name, var etag, .. var rest])
            {
                // Lines of an earlier version have no number: they are never taken back.
                var number = rest is [var text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
                _told[name] = (etag, number);
                Last = Math.Max(Last, number);
                _lines++;
            }
        }
        catch (JsonException)
        {
            // Cut short.
        }
    }

    private void Append(string name, string etag, long number)
    {
        _file.Write(Encoding.UTF8.GetBytes(Line(name, etag, number) + "\n"));
        _lines++;
    }

    private static string Line(string name, string etag, long number) =>
        JsonSerializer.Serialize((string[])[name, etag, number.ToString(CultureInfo.InvariantCulture)]);

    private FileStream Open() => new(_path, FileMode.Append, FileAccess.Write, FileShare.Read);
}
