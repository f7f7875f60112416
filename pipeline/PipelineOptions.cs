using System.ComponentModel.DataAnnotations;

namespace Serverless.Pipeline;

/// <summary>Settings of the app, by their own names in the configuration (<c>LocalBytes</c> and so on).</summary>
public sealed record PipelineOptions
{
    /// <summary>
    /// Files up to this size are read inside the app, larger ones by a worker. Bytes, 0 to 2 GB; default 300 MB: a Functions instance has
    /// 2 GB of memory and 0.8 GB of temporary disk.
    /// </summary>
    [Range(0, 2L << 30)]
    public long LocalBytes { get; set; } = 300L << 20;

    /// <summary>Threads of a trainer, 0 to 1,024; default 0: as many as the app's machine has, 16 at most. Fixed in each run's job.</summary>
    [Range(0, 1024)]
    public int TrainThreads { get; set; }

    /// <summary>
    /// Memory of an instance of the app on Azure in MB, 0 to 65,536: what its time is billed by. Default 0: the app runs on a machine of one's own, whose
    /// time costs nothing.
    /// </summary>
    [Range(0, 65_536)]
    public int InstanceMemoryMb { get; set; }

    /// <summary><see cref="TrainThreads"/>, decided.</summary>
    public int Threads => TrainThreads > 0 ? TrainThreads : Math.Clamp(Environment.ProcessorCount, 1, 16);
}
