namespace Serverless.Pipeline.Definitions;

/// <summary>A neural network over columns, or over pixels where <see cref="Image"/> says so.</summary>
public sealed record TorchSettings
{
    /// <summary>Greatest number of passes over the training rows, 1 to 10,000; the learning rate falls to nothing over all of them. Default 40.</summary>
    public int Epochs { get; init; } = 40;

    /// <summary>Rows of a step, 1 to 65,536. Default: by the number of training rows, 32 to 1024.</summary>
    public int? Batch { get; init; }

    /// <summary>The highest, after the warm-up; above 0, at most 1. Default 0.001.</summary>
    public double LearningRate { get; init; } = 0.001;

    /// <summary>AdamW's, 0 to 1: a step takes this share times the learning rate from every weight. Default 0.01.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Units that a block passes on, 8 to 4096; twice as many within. Default 128.</summary>
    public int Width { get; init; } = 128;

    /// <summary>Residual blocks, 1 to 32. Default 2.</summary>
    public int Blocks { get; init; } = 2;

    /// <summary>Share of units left out by chance in a step, 0 to 0.9. Default 0.1.</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Pieces of a number's encoding, 2 to 256; with more than 170 number columns fewer. Default 48.</summary>
    public int Bins { get; init; } = 48;

    /// <summary>Numbers that stand for a category, 1 to 256. Default 8.</summary>
    public int Embedding { get; init; } = 8;

    /// <summary>Epochs without a better validation loss before training stops; 0 is never. Default 8.</summary>
    public int EarlyStopping { get; init; } = 8;

    public ClassWeight ClassWeight { get; init; }

    /// <summary>Categories a text column may keep; rarer ones count as unknown. 2 to 100,000. Default 10,000.</summary>
    public int MaxCategories { get; init; } = 10_000;

    /// <summary>Set where the columns are the pixels of an image.</summary>
    public ImageSettings? Image { get; init; }
}

/// <summary>
/// Every column that is neither the target nor ignored is a pixel, in the order of the file: row by row from the top, from left to right, and
/// the channels of a pixel one after the other.
/// </summary>
public sealed record ImageSettings
{
    /// <summary>Pixels, 4 to 1024.</summary>
    public required int Height { get; init; }

    /// <summary>Pixels, 4 to 1024.</summary>
    public required int Width { get; init; }

    /// <summary>1 to 16. Default 1.</summary>
    public int Channels { get; init; } = 1;
}
