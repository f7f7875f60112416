using Serverless.GpuWorker.Trainers;
using Serverless.GpuWorker.Trainers.LightGbm;
using Serverless.GpuWorker.Trainers.LightGbm.Ranks;

namespace Serverless.GpuWorker.Gangs;

/// <summary>The states that rank 0 saves in one generation: asked for one at a time, and stored for whoever goes on.</summary>
internal sealed class LeaderStates(LeaderSetup setup)
{
    /// <summary>The newest; null when none was saved.</summary>
    public Checkpoint? Saved { get; private set; }

    /// <summary>One is on its way.</summary>
    public bool IsAsked { get; private set; }

    public void Ask(RankProcess rank)
    {
        if (!IsAsked)
        {
            IsAsked = true;
            rank.Save();
        }
    }

    /// <param name="what">The rank's word that it is saved.</param>
    public void Store(RankEvent what)
    {
        IsAsked = false;
        var before = Saved;
        Saved = new Checkpoint(what.Round, what.File!);
        setup.Checkpoints.Save(LightGbmState.Format, what.Round, Copy);
        if (before is not null)
        {
            File.Delete(before.File);
        }

        void Copy(Stream into)
        {
            using var bytes = File.OpenRead(what.File!);
            bytes.CopyTo(into);
        }
    }
}
