using Serverless.GpuWorker.Trainers.Torch.Encoders;
using Serverless.GpuWorker.Trainers.Torch.Fitting;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Serverless.Bench.Torch;

/// <summary>Epochs as one writes them by hand: all rows encoded once, in three tensors, from which steps take theirs by index.</summary>
internal sealed class PlainLoop : IDisposable
{
    private readonly PlainNetwork network;
    private readonly AdamW optimizer;
    private readonly Tensor numbers;
    private readonly Tensor codes;
    private readonly Tensor labels;
    private readonly int batch;

    public PlainLoop(Problem problem, TabularEncoder encoder)
    {
        var rows = Enumerable.Range(0, problem.Train.Count).ToArray();
        using var buffers = new RowBuffers(encoder, rows.Length);
        buffers.Encode(problem.Train, rows, null);
        (numbers, codes) = (buffers.Numbers(rows.Length)!.clone(), buffers.Codes(rows.Length)!.clone());
        labels = problem.Loss.Labels(problem.Train, rows);
        batch = problem.BatchSize;
        network = new PlainNetwork(encoder.Numbers, encoder.TableRows, encoder.Codes, problem.Settings);
        optimizer = optim.AdamW(network.parameters(), problem.Settings.LearningRate, weight_decay: problem.Settings.WeightDecay);
    }

    public void Epoch()
    {
        using var order = randperm(labels.shape[0]);
        for (long start = 0; start < labels.shape[0]; start += batch)
        {
            using var scope = NewDisposeScope();
            var rows = order.narrow(0, start, Math.Min(batch, labels.shape[0] - start));
            optimizer.zero_grad();
            var scores = network.forward(numbers.index_select(0, rows), codes.index_select(0, rows));
            var loss = nn.functional.binary_cross_entropy_with_logits(scores, labels.index_select(0, rows));
            loss.backward();
            optimizer.step();
        }
    }

    public void Dispose()
    {
        optimizer.Dispose();
        network.Dispose();
        numbers.Dispose();
        codes.Dispose();
        labels.Dispose();
    }
}
