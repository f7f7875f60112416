using Serverless.Pipeline.Definitions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Serverless.Bench.Torch;

/// <summary>The network as one writes it by hand with TorchSharp's modules: the same layers, sizes and left-out units.</summary>
internal sealed class PlainNetwork : Module<Tensor, Tensor, Tensor>
{
    private readonly Embedding table;
    private readonly Linear first;
    private readonly ModuleList<Module<Tensor, Tensor>> blocks;
    private readonly Sequential last;

    public PlainNetwork(int numbers, int categories, int codes, TorchSettings settings)
        : base(nameof(PlainNetwork))
    {
        table = Embedding(categories, settings.Embedding);
        first = Linear(numbers + codes * settings.Embedding, settings.Width);
        blocks = ModuleList([
            .. Enumerable
                .Range(0, settings.Blocks)
                .Select<int, Module<Tensor, Tensor>>(_ =>
                    Sequential(
                        LayerNorm(settings.Width),
                        Linear(settings.Width, settings.Width * 2),
                        ReLU(inplace: true),
                        Dropout(settings.Dropout),
                        Linear(settings.Width * 2, settings.Width),
                        Dropout(settings.Dropout / 2)
                    )
                ),
        ]);
        last = Sequential(LayerNorm(settings.Width), ReLU(), Linear(settings.Width, 1));
        RegisterComponents();
    }

    public override Tensor forward(Tensor numbers, Tensor codes)
    {
        var x = first.forward(cat([numbers, table.forward(codes).flatten(1)], 1));
        foreach (var block in blocks)
        {
            x = x + block.forward(x);
        }

        return last.forward(x).flatten();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            table.Dispose();
            first.Dispose();
            blocks.Dispose();
            last.Dispose();
        }

        base.Dispose(disposing);
    }
}
