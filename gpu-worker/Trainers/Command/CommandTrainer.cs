using System.Globalization;
using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline.Definitions;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>Runs a program of the user's own until it leaves <c>model.onnx</c>: docs/command.md is its contract.</summary>
internal sealed class CommandTrainer(CommandSettings settings, string name, ClaimContext claim, TimeProvider time)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan MemoryPoll = TimeSpan.FromSeconds(1);

    /// <summary>Between a signal that reaches program and worker at once and the worker's knowing of it.</summary>
    private static readonly TimeSpan SameStop = TimeSpan.FromSeconds(1);

    private readonly long memory = settings.MemoryMb is { } megabytes
        ? (long)megabytes << 20
        : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 10 * 9;

    private CommandState state = new();
    private int savedNumber;

    /// <param name="problem">What is learned.</param>
    /// <param name="files">The rows, and the programs by the name of their archive.</param>
    /// <param name="seed">Told to the program.</param>
    /// <param name="threads">Told to the program.</param>
    /// <param name="watch">Told of the program's metrics.</param>
    /// <param name="checkpoints">Of this trainer.</param>
    /// <param name="cancellationToken">Stop at once.</param>
    /// <returns>The model's bytes and how far the program came.</returns>
    public (byte[] Graph, CommandState State) Run(
        CommandProblem problem,
        TrainingFiles files,
        int seed,
        int threads,
        ITrainingWatch watch,
        ICheckpoints checkpoints,
        CancellationToken cancellationToken
    )
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new JobFailedException("Trainer 'command' runs on Linux. Use a worker on Linux, or another trainer.", userError: false);
        }

        var folder = new CommandFolder(Path.Combine(claim.Folder, name));
        var resume = Restore(folder, checkpoints);
        if (state.Ended)
        {
            return (File.ReadAllBytes(folder.Model), state);
        }

        Unpack(folder, files);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, claim.Leaving);
        var job = folder.Prepare(problem, settings, files, seed, threads, resume, leave.Token);
        var output = new CommandOutput(name, claim.Log);
        claim.Log.LogInformation("{Trainer}: {Run}, at most {Memory:N0} MB.", name, string.Join(' ', settings.Run), memory >> 20);
        var kills = CommandExit.MemoryKills();
        var metrics = new CommandMetrics(folder.Metrics, watch, state, claim.Log);
        using var process = CommandProcess.Start(settings.Run, folder, job, output);
        Follow(process, folder, metrics, checkpoints, cancellationToken);
        process.End();
        metrics.ReadToEnd();
        if (process.ExitCode != 0)
        {
            throw CommandExit.Failure(process.ExitCode, CommandExit.MemoryKills() > kills, folder.Output, output.Tail);
        }

        var graph = Model(folder, output);
        state.Ended = true;
        checkpoints.Save(CommandState.Format, state.Round, stream => state.Write(stream, folder.Model));
        return (graph, state);
    }

    /// <returns>The checkpoint to go on from.</returns>
    private string? Restore(CommandFolder folder, ICheckpoints checkpoints)
    {
        if (checkpoints.Restore(CommandState.Format) is not { } checkpoint)
        {
            return null;
        }

        state = CommandState.Read(checkpoint, folder.Checkpoint);
        if (state.Ended)
        {
            File.Move(Path.Combine(folder.Checkpoint, Path.GetFileName(folder.Model)), folder.Model);
            return null;
        }

        savedNumber = checkpoint.Round;
        return Path.Combine(folder.Checkpoint, checkpoint.Round.ToString(CultureInfo.InvariantCulture));
    }

    private void Unpack(CommandFolder folder, TrainingFiles files)
    {
        if (settings.Code is not { } code)
        {
            return;
        }

        if (!files.Code.TryGetValue(code, out var archive))
        {
            throw new JobFailedException(
                $"The definition names the folder '{code}' for its command; expected sha256: and the digest of a stored archive. Store it with "
                    + "'serverless run'.",
                userError: true
            );
        }

        TrainerCode.Unpack(archive, folder.Code);
    }

    private void Follow(
        CommandProcess process,
        CommandFolder folder,
        CommandMetrics metrics,
        ICheckpoints checkpoints,
        CancellationToken cancellationToken
    )
    {
        var (started, looked) = (time.GetTimestamp(), time.GetTimestamp());
        while (!process.WaitForExit(Poll))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (claim.Leaving.IsCancellationRequested)
            {
                Leave(process, folder, metrics, checkpoints, cancellationToken);
            }

            if (checkpoints.Due)
            {
                Save(folder, metrics, checkpoints, newerThan: savedNumber);
            }

            metrics.Read();
            if (time.GetElapsedTime(looked) >= MemoryPoll)
            {
                looked = time.GetTimestamp();
                RequireMemory(process);
            }

            if (time.GetElapsedTime(started) > settings.Timeout)
            {
                throw new JobFailedException(
                    $"The command ran for {settings.Timeout.TotalSeconds:N0} s and was killed: timeout of {name}. Raise it, or let the program do less.",
                    userError: true
                );
            }
        }

        if (CommandExit.IsStop(process.ExitCode) && claim.Leaving.WaitHandle.WaitOne(SameStop))
        {
            Leave(process, folder, metrics, checkpoints, cancellationToken);
        }
    }

    /// <summary>The machine goes: the program may write a last checkpoint, the newest is stored, the job is handed back.</summary>
    private void Leave(
        CommandProcess process,
        CommandFolder folder,
        CommandMetrics metrics,
        ICheckpoints checkpoints,
        CancellationToken cancellationToken
    )
    {
        process.Terminate();
        var asked = time.GetTimestamp();
        while (!process.WaitForExit(Poll) && time.GetElapsedTime(asked) < settings.Grace)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        process.End();
        // One that is on its way already is stored once more: nobody else waits for it.
        Save(folder, metrics, checkpoints, newerThan: 0);
        throw new EvictedException();
    }

    /// <summary>Stores the newest checkpoint.</summary>
    private void Save(CommandFolder folder, CommandMetrics metrics, ICheckpoints checkpoints, int newerThan)
    {
        if (CommandState.Newest(folder.Checkpoint) is not var (number, path) || number <= newerThan)
        {
            return;
        }

        // Metrics up to the checkpoint were written before it, and are to be stored before it.
        metrics.Read();
        savedNumber = number;
        var now = state with { Round = number };
        checkpoints.Save(CommandState.Format, number, stream => now.Write(stream, path));
    }

    private void RequireMemory(CommandProcess process)
    {
        if (process.MemoryBytes(memory) is var used && used > memory)
        {
            throw new JobFailedException(
                $"The command uses {used >> 20:N0} MB of memory and was killed; allowed are {memory >> 20:N0} MB. Make it use less, raise memoryMb, or "
                    + "take a larger machine.",
                userError: true
            );
        }
    }

    private static byte[] Model(CommandFolder folder, CommandOutput output)
    {
        if (!File.Exists(folder.Model))
        {
            var left = Directory.EnumerateFileSystemEntries(folder.Output).Select(Path.GetFileName).Order(StringComparer.Ordinal).Take(20);
            throw new JobFailedException(
                $"The command ended well (exit code 0) and left no model.onnx in $SERVERLESS_OUTPUT; there is {(left.Any() ? string.Join(", ", left) : "nothing")}. "
                    + $"Write the model to $SERVERLESS_MODEL. Its last lines:\n{output.Tail}",
                userError: true
            );
        }

        var bytes = new FileInfo(folder.Model).Length;
        return bytes <= Array.MaxLength
            ? File.ReadAllBytes(folder.Model)
            : throw new JobFailedException($"model.onnx has {bytes:N0} bytes; expected at most {Array.MaxLength:N0}.", userError: true);
    }
}
