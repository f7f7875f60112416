using System.Text;
using System.Text.Json;

namespace Serverless.Local.Triggers.Drops;

/// <summary>
/// Etags of blobs that were told of, in a file that only grows until it holds mostly what is gone. A line that a crash cut short is
/// ignored: its blob is told of once more.
/// </summary>
internal sealed class SeenBlobs : IDisposable
{
    private const int Slack = 1_000;
    private readonly string _path;
    private readonly Dictionary<string, string> _etags = new(StringComparer.Ordinal);
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

    public bool Has(string name, string etag) => _etags.TryGetValue(name, out var seen) && seen == etag;

    public void Add(string name, string etag)
    {
        _etags[name] = etag;
        Append(name, etag);
        _file.Flush();
    }

    /// <summary>Forgets what is no longer there, and writes the file anew when that is most of it.</summary>
    public void Keep(HashSet<string> names)
    {
        if (_etags.Count > names.Count)
        {
            foreach (var gone in _etags.Keys.Where(n => !names.Contains(n)).ToList())
                _etags.Remove(gone);
        }
        if (_lines <= (2 * _etags.Count) + Slack)
            return;
        _file.Dispose();
        File.WriteAllLines(_path + ".new", _etags.Select(e => Line(e.Key, e.Value)));
        File.Move(_path + ".new", _path, overwrite: true);
        _lines = _etags.Count;
        _file = Open();
    }

    public void Dispose() => _file.Dispose();

    private void Load(string line)
    {
        try
        {
            if (line.Length > 0 && JsonSerializer.Deserialize<string[]>(line) is [var name, var etag])
            {
                _etags[name] = etag;
                _lines++;
            }
        }
        catch (JsonException)
        {
            // Cut short.
        }
    }

    private void Append(string name, string etag)
    {
        _file.Write(Encoding.UTF8.GetBytes(Line(name, etag) + "\n"));
        _lines++;
    }

    private static string Line(string name, string etag) => JsonSerializer.Serialize((string[])[name, etag]);

    private FileStream Open() => new(_path, FileMode.Append, FileAccess.Write, FileShare.Read);
}
