using System.Text;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers.Torch.Encoders;
using Serverless.GpuWorker.Trainers.Torch.Network;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace Serverless.GpuWorker.Trainers.Torch.Fitting;

/// <summary>Epochs until the validation loss no longer falls; at any step it can stop and go on elsewhere.</summary>
internal sealed class NetworkFit : IDisposable
{
    /// <summary>Numbers of a slice of validation rows: 16 MB.</summary>
    private const int NumbersInSlice = 4 << 20;

    private readonly Problem problem;
    private readonly Device device;
    private readonly BatchPlan plan;
    private readonly LearningRate rate;
    private readonly Weights weights;
    private readonly INetwork network;
    private readonly Stepper stepper;
    private readonly RowBuffers buffers;
    private readonly Generator random;
    private readonly Pass learning;
    private readonly int slice;

    /// <param name="problem">What is learned.</param>
    /// <param name="device">Where.</param>
    /// <param name="half">Whether products are taken in float16.</param>
    public NetworkFit(Problem problem, Device device, bool half)
    {
        (this.problem, this.device) = (problem, device);
        plan = new BatchPlan(problem.Train.Count, problem.BatchSize, problem.Setup.Seed);
        rate = new LearningRate(problem.Settings.LearningRate, (long)plan.Steps * problem.Settings.Epochs);
        weights = new Weights(device, problem.Setup.Seed);
        network = problem.Build(weights);
        stepper = new Stepper(weights, problem.Settings.WeightDecay, half);
        slice = Math.Clamp(NumbersInSlice / Math.Max(1, problem.Encoder.Numbers), 64, 4096);
        buffers = new RowBuffers(problem.Encoder, Math.Max(plan.Largest, slice));
        random = new Generator(0, device);
        learning = new Pass(Learning: true, random, half);
        State = new FitState([.. weights.Tensors]);
    }

    public FitState State { get; }

    /// <summary>Trains to the end. Then <see cref="State"/> has the weights of the best epoch.</summary>
    /// <param name="watch">Told of every epoch.</param>
    /// <param name="checkpoints">Asked after every step.</param>
    /// <param name="cancellationToken">Stop at once.</param>
    public void Run(ITrainingWatch watch, ICheckpoints checkpoints, CancellationToken cancellationToken)
    {
        Restore(checkpoints);
        var settings = problem.Settings;
        while (!State.Ended)
        {
            Epoch(checkpoints, cancellationToken);
            var loss = ValidationLoss(cancellationToken);
            RequireNumber(loss);
            State.Judge(loss);
            watch.Round(State.Epoch, settings.Epochs, Metrics(loss));
            State.Ended =
                State.Epoch >= settings.Epochs || settings.EarlyStopping > 0 && State.Epoch - State.BestEpoch >= settings.EarlyStopping;
            if (!State.Ended)
            {
                State.NextEpoch();
                SaveIfDue(checkpoints);
            }
        }

        Save(checkpoints);
    }

    public void Dispose()
    {
        State.Dispose();
        stepper.Dispose();
        weights.Dispose();
        buffers.Dispose();
        random.Dispose();
    }

    /// <summary>One step on these rows.</summary>
    /// <returns>The sum of the rows' losses, where the network lies.</returns>
    public Tensor Step(int epoch, int step)
    {
        var seed = plan.Seed(epoch, step);
        var rows = plan.Rows(epoch, step);
        random.manual_seed(seed);
        buffers.Encode(problem.Train, rows, new Random(seed));
        var scores = network.Forward(Here(buffers.Numbers(rows.Length)), Here(buffers.Codes(rows.Length)), learning);
        var loss = problem.Loss.Of(scores, Here(problem.Loss.Labels(problem.Train, rows))!, Here(Loss.Weights(problem.Train, rows)));
        stepper.Step(loss, rate.At((long)(epoch - 1) * plan.Steps + step));
        return loss.detach().to(ScalarType.Float64) * rows.Length;
    }

    private void Epoch(ICheckpoints checkpoints, CancellationToken cancellationToken)
    {
        using var sum = torch.tensor(State.LossSum, ScalarType.Float64, device);
        while (State.Step < plan.Steps)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (NewDisposeScope())
            {
                using var lost = Step(State.Epoch, State.Step);
                sum.add_(lost);
            }

            State.Step++;
            if (State.Step < plan.Steps && checkpoints.Due)
            {
                State.LossSum = sum.item<double>();
                Save(checkpoints);
            }
        }

        State.LossSum = sum.item<double>();
    }

    private double ValidationLoss(CancellationToken cancellationToken)
    {
        using var still = inference_mode();
        var (sum, weight) = (0d, 0d);
        var rows = new int[slice];
        for (var start = 0; start < problem.Validation.Count; start += slice)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var count = Math.Min(slice, problem.Validation.Count - start);
            for (var i = 0; i < count; i++)
            {
                rows[i] = start + i;
            }

            buffers.Encode(problem.Validation, rows.AsSpan(0, count), null);
            var scores = network.Forward(Here(buffers.Numbers(count)), Here(buffers.Codes(count)), Pass.Answer).cpu().contiguous();
            var values = Loss.Floats(scores);
            var width = values.Length / count;
            for (var i = 0; i < count; i++)
            {
                var of = problem.Validation.Weight(start + i);
                sum += of * problem.Loss.Of(values.Slice(i * width, width), problem.Validation.Label(start + i));
                weight += of;
            }
        }

        return problem.Loss.Shown(sum / weight);
    }

    private Dictionary<string, double> Metrics(double validation)
    {
        var metric = problem.Setup.Task == PredictionTask.Regression ? MetricNames.Rmse : MetricNames.LogLoss;
        return new()
        {
            [$"train.{metric}"] = problem.Loss.ShownOfTraining(State.LossSum / problem.Train.Count),
            [$"validation.{metric}"] = validation,
        };
    }

    private void Restore(ICheckpoints checkpoints)
    {
        if (checkpoints.Restore(FitState.Format) is { } checkpoint)
        {
            using var reader = new BinaryReader(checkpoint.Open());
            State.Load(reader, stepper);
        }
    }

    private void SaveIfDue(ICheckpoints checkpoints)
    {
        if (checkpoints.Due)
        {
            Save(checkpoints);
        }
    }

    private void Save(ICheckpoints checkpoints) =>
        checkpoints.Save(
            FitState.Format,
            State.Ended ? State.Epoch : State.Epoch - 1,
            stream =>
            {
                using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
                State.Save(writer, stepper);
            }
        );

    private void RequireNumber(double loss)
    {
        if (double.IsNaN(loss))
        {
            throw new JobFailedException(
                $"The validation loss is not a number after epoch {State.Epoch}. Lower learningRate, and look for extreme values in the target.",
                userError: true
            );
        }
    }

    private Tensor? Here(Tensor? tensor) => device.type == DeviceType.CPU ? tensor : tensor?.to(device);
}
