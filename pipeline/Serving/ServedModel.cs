using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Registry;

namespace Serverless.Pipeline.Serving;

/// <summary>
/// A loaded version. It counts who uses it: the host once while it is to be served, each request once while it scores; the session is
/// freed when the last of them lets go, so a switch never takes it from under a request.
/// </summary>
internal sealed class ServedModel(ModelManifest manifest, OnnxModel session, ModelLayout layout, VersionCounts? counts = null)
{
    private int users = 1;

    public ModelManifest Manifest { get; } = manifest;

    public OnnxModel Session { get; } = session;

    public ModelLayout Layout { get; } = layout;

    /// <summary>Null: the version has no reference, or nothing is watched.</summary>
    public VersionCounts? Counts { get; } = counts;

    /// <summary>False when it was freed already.</summary>
    public bool TryUse()
    {
        var seen = Volatile.Read(ref users);
        while (seen > 0)
        {
            var found = Interlocked.CompareExchange(ref users, seen + 1, seen);
            if (found == seen)
            {
                return true;
            }

            seen = found;
        }

        return false;
    }

    public void LetGo()
    {
        if (Interlocked.Decrement(ref users) == 0)
        {
            Session.Dispose();
        }
    }
}

/// <summary>The right to score with a model until disposed (once).</summary>
internal readonly struct ModelLease(ServedModel model) : IDisposable
{
    public ModelManifest Manifest => model.Manifest;

    public OnnxModel Session => model.Session;

    public ModelLayout Layout => model.Layout;

    public VersionCounts? Counts => model.Counts;

    public void Dispose() => model.LetGo();
}
