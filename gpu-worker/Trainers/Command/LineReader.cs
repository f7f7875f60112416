using System.Text;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>Lines of a stream that nobody vouches for: a line may be endless, and a progress bar ends its lines with carriage returns.</summary>
internal sealed class LineReader(Action<string> line)
{
    /// <summary>Longest line, in bytes; the rest of it is left out.</summary>
    public const int Longest = 16 * 1024;

    private readonly byte[] gathered = new byte[Longest];
    private int count;
    private bool cut;

    /// <summary>The bytes in whatever pieces they come.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (value is (byte)'\n' or (byte)'\r')
            {
                End();
            }
            else if (count < Longest)
            {
                gathered[count++] = value;
            }
            else
            {
                cut = true;
            }
        }
    }

    /// <summary>The last line may have no end.</summary>
    public void End()
    {
        if (count > 0)
        {
            line(Encoding.UTF8.GetString(gathered, 0, count) + (cut ? " ..." : ""));
        }

        (count, cut) = (0, false);
    }
}
