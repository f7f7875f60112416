using Serverless.GpuWorker.Trainers.Torch.Encoders;
using Serverless.Pipeline.Definitions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Serverless.GpuWorker.Trainers.Torch.Network;

/// <summary>
/// Residual blocks over encoded numbers and embedded categories: after the "ResNet" of Gorishniy et al., "Revisiting Deep Learning Models for
/// Tabular Data" (2021), with layer in place of batch normalisation, so that a row's answer never depends on the rows beside it.
/// </summary>
internal sealed class TabularNetwork : INetwork
{
    private const float Epsilon = 1e-5f;

    private readonly TorchSettings settings;
    private readonly Embedding? embeddings;
    private readonly (Parameter Weight, Parameter Bias) first;
    private readonly Block[] blocks;
    private readonly (Parameter Scale, Parameter Offset) norm;
    private readonly (Parameter Weight, Parameter Bias) last;
    private readonly int codes;

    public TabularNetwork(TabularEncoder encoder, TorchSettings settings, int scores, Weights weights)
    {
        (this.settings, codes) = (settings, encoder.Codes);
        var (width, inner) = (settings.Width, settings.Width * 2);
        if (codes > 0)
        {
            embeddings = weights.Table(encoder.TableRows, settings.Embedding);
            using var _ = no_grad();
            foreach (var row in encoder.UnknownRows)
            {
                // What no training row had stays neutral.
                embeddings.weight![row].zero_();
            }
        }

        var inputs = encoder.Numbers + codes * settings.Embedding;
        first = Linear(weights, inputs, width, null);
        blocks =
        [
            .. Enumerable
                .Range(0, settings.Blocks)
                .Select(_ => new Block(Norm(weights, width), Linear(weights, width, inner, null), Linear(weights, inner, width, null))),
        ];
        norm = Norm(weights, width);
        // Small first answers: learning starts from the mean, not from chance.
        last = Linear(weights, width, scores, 0.1 / Math.Sqrt(width));
    }

    public Tensor Forward(Tensor? numbers, Tensor? codes, Pass pass)
    {
        List<Tensor> parts = [];
        if (numbers is not null)
        {
            parts.Add(numbers);
        }

        if (codes is not null)
        {
            parts.Add(embeddings!.forward(codes).flatten(1));
        }

        var x = pass.Linear(parts.Count == 1 ? parts[0] : cat(parts, 1), first.Weight, first.Bias);
        foreach (var block in blocks)
        {
            var y = pass.Linear(Norm(x, block.Norm), block.Up.Weight, block.Up.Bias).relu_();
            y = pass.Linear(pass.Drop(y, settings.Dropout), block.Down.Weight, block.Down.Bias);
            x = x + pass.Drop(y, settings.Dropout / 2);
        }

        return pass.Linear(Norm(x, norm).relu(), last.Weight, last.Bias);
    }

    public string Export(NetworkGraph graph, EncodedOutputs inputs)
    {
        List<string> parts = inputs.Numbers is { } numbers ? [numbers] : [];
        if (inputs.Codes is { } codeOutput)
        {
            var embedded = graph.Graph.Node("Gather", [graph.Constant(embeddings!.weight!), codeOutput]);
            parts.Add(graph.Reshape(embedded, -1, codes * settings.Embedding));
        }

        var x = graph.Linear(parts.Count == 1 ? parts[0] : graph.Join(parts), first.Weight, first.Bias);
        foreach (var block in blocks)
        {
            var y = graph.LayerNorm(x, block.Norm.Scale, block.Norm.Offset, Epsilon);
            y = graph.Relu(graph.Linear(y, block.Up.Weight, block.Up.Bias));
            x = graph.Add(x, graph.Linear(y, block.Down.Weight, block.Down.Bias));
        }

        var normed = graph.LayerNorm(x, norm.Scale, norm.Offset, Epsilon);
        return graph.Linear(graph.Relu(normed), last.Weight, last.Bias);
    }

    private static Tensor Norm(Tensor x, (Parameter Scale, Parameter Offset) norm) =>
        F.layer_norm(x, [x.shape[1]], norm.Scale, norm.Offset, Epsilon);

    private static (Parameter, Parameter) Linear(Weights weights, long inputs, long outputs, double? bound) =>
        (weights.Matrix(bound, outputs, inputs), weights.Vector(0, outputs));

    private static (Parameter, Parameter) Norm(Weights weights, long size) => (weights.Vector(1, size), weights.Vector(0, size));

    private sealed record Block(
        (Parameter Scale, Parameter Offset) Norm,
        (Parameter Weight, Parameter Bias) Up,
        (Parameter Weight, Parameter Bias) Down
    );
}
