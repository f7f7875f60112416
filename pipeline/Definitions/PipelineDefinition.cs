namespace Serverless.Pipeline.Definitions;

/// <summary>What a user asks for: the contents of <c>pipeline.yaml</c>, checked.</summary>
public sealed record PipelineDefinition
{
    /// <summary>Name of the pipeline and of its model: lower-case letters, digits and single hyphens, 3 to 48 characters.</summary>
    public required string Name { get; init; }

    public required DataDefinition Data { get; init; }

    public IReadOnlyList<Expectation> Expectations { get; init; } = [];

    public TrainingDefinition Training { get; init; } = new();

    public GateDefinition Gate { get; init; } = new();

    public DeploymentDefinition Deployment { get; init; } = new();

    /// <summary>Null: the defaults hold.</summary>
    public MonitoringDefinition? Monitoring { get; init; }
}

public enum PredictionTask
{
    Binary,
    Multiclass,
    Regression,
}

public sealed record DataDefinition
{
    public required string Target { get; init; }

    public required PredictionTask Task { get; init; }

    /// <summary>The class that scores speak of (binary only). Default: 1, true, yes, or else the rarer class.</summary>
    public string? Positive { get; init; }

    /// <summary>Columns that are kept in the data set and never reach a model: ids, leaks.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>Texts that mean "no value", beside the empty one. Default: see ReadingOptions.</summary>
    public IReadOnlyList<string>? Missing { get; init; }

    /// <summary>Field delimiter; found out when null.</summary>
    public string? Delimiter { get; init; }

    /// <summary>A held-out file, dropped as <c>drop/{pipeline}/test/{file}</c>; then <c>split</c> divides the rest into training and validation.</summary>
    public string? Test { get; init; }

    public SplitDefinition Split { get; init; } = new();
}

public enum SplitBy
{
    /// <summary>By a digest of the row's own values: the same row falls into the same part in every version of the data.</summary>
    Hash,

    /// <summary>By the order of <see cref="SplitDefinition.Column"/>: the newest rows are the test rows.</summary>
    Time,

    /// <summary>As by hash, with the same share of each class in each part.</summary>
    Stratified,
}

/// <summary>Shares of the rows; they add up to 1.</summary>
public sealed record SplitDefinition
{
    public double Train { get; init; } = 0.7;

    public double Validation { get; init; } = 0.15;

    public double Test { get; init; } = 0.15;

    public SplitBy By { get; init; } = SplitBy.Hash;

    /// <summary>The column of time; for <see cref="SplitBy.Time"/> alone.</summary>
    public string? Column { get; init; }
}

/// <summary>What the data must hold. One rule each: exactly one of the rule properties is set.</summary>
public sealed record Expectation
{
    /// <summary>The column it speaks of; null for rules of the whole table (<see cref="RowsBetween"/>).</summary>
    public string? Column { get; init; }

    /// <summary>Least and greatest value, both allowed; null is open.</summary>
    public IReadOnlyList<double?>? Between { get; init; }

    public IReadOnlyList<string>? In { get; init; }

    /// <summary>A regular expression that the whole text must match.</summary>
    public string? Matches { get; init; }

    public bool? NotNull { get; init; }

    public bool? Unique { get; init; }

    /// <summary>Greatest share of missing values, 0 to 1.</summary>
    public double? MaxMissing { get; init; }

    /// <summary>Least and greatest number of rows.</summary>
    public IReadOnlyList<double?>? RowsBetween { get; init; }

    /// <summary>Share of rows that must hold, 0 to 1. Default 1.</summary>
    public double Mostly { get; init; } = 1;

    /// <summary>When true, a breach is reported and the run goes on.</summary>
    public bool Warn { get; init; }

    /// <summary>Line in pipeline.yaml, for reports; 0 when unknown.</summary>
    public int Line { get; init; }
}

public sealed record TrainingDefinition
{
    /// <summary>At least one; the best on the validation rows becomes the challenger.</summary>
    public IReadOnlyList<TrainerDefinition> Trainers { get; init; } = [new() { LightGbm = new() }];

    /// <summary>Everything random in a run comes from it.</summary>
    public int Seed { get; init; } = 42;

    public ComputeDefinition Compute { get; init; } = new();
}

/// <summary>One trainer: exactly one property is set.</summary>
public sealed record TrainerDefinition
{
    public LightGbmSettings? LightGbm { get; init; }

    public TorchSettings? Torch { get; init; }

    public CommandSettings? Command { get; init; }
}

public enum ClassWeight
{
    None,

    /// <summary>Rows weigh in inverse proportion to the frequency of their class.</summary>
    Balanced,
}

/// <summary>LightGBM's settings under its own names where it has one; the defaults are LightGBM's unless stated.</summary>
public sealed record LightGbmSettings
{
    /// <summary>Greatest number of boosting rounds, 1 to 100,000. Default 1000: early stopping ends it.</summary>
    public int Rounds { get; init; } = 1000;

    /// <summary>Leaves of a tree, 2 to 131,072.</summary>
    public int Leaves { get; init; } = 31;

    /// <summary>Above 0, at most 1. Default 0.05: on small data with rare positives the worst of nine splits is better than with 0.1.</summary>
    public double LearningRate { get; init; } = 0.05;

    /// <summary>0 or more.</summary>
    public int MinDataInLeaf { get; init; } = 20;

    /// <summary>Share of the columns a tree sees, above 0, at most 1.</summary>
    public double FeatureFraction { get; init; } = 1;

    /// <summary>Share of the rows a tree sees, above 0, at most 1; below 1 rows are drawn anew every round.</summary>
    public double BaggingFraction { get; init; } = 1;

    public double LambdaL1 { get; init; }

    public double LambdaL2 { get; init; }

    /// <summary>2 to 65,535.</summary>
    public int MaxBin { get; init; } = 255;

    /// <summary>Rounds without a better validation loss before training stops; 0 is never. Default 50.</summary>
    public int EarlyStopping { get; init; } = 50;

    public ClassWeight ClassWeight { get; init; }

    /// <summary>Categories a text column may keep; rarer ones count as unknown. 2 to 100,000. Default 10,000.</summary>
    public int MaxCategories { get; init; } = 10_000;
}

public sealed record ComputeDefinition
{
    /// <summary>Machine size in Azure; null is the pool's own.</summary>
    public string? Sku { get; init; }

    public bool Spot { get; init; } = true;

    /// <summary>Most machines for the pipeline's jobs at once.</summary>
    public int MaxInstances { get; init; } = 1;

    /// <summary>Machines that train one model together, 1 to 64; more than one for a single LightGBM trainer.</summary>
    public int Workers { get; init; } = 1;
}

public sealed record GateDefinition
{
    /// <summary>A name from <c>MetricNames</c>. Default: auc, accuracy or rmse by the task.</summary>
    public string? Metric { get; init; }

    /// <summary>Least value for a metric where more is better; null is no bound.</summary>
    public double? AtLeast { get; init; }

    /// <summary>Greatest value for a metric where less is better; null is no bound.</summary>
    public double? AtMost { get; init; }

    /// <summary>By how much the challenger must beat the champion on the same rows; negative allows a loss. Default 0.</summary>
    public double BeatChampionBy { get; init; }

    /// <summary>When true, a person approves before deployment.</summary>
    public bool Approval { get; init; }

    /// <summary>How long an approval is waited for; then the model stays undeployed. Default 24 h.</summary>
    public TimeSpan ApprovalTimeout { get; init; } = TimeSpan.FromHours(24);
}

public enum DeploymentStrategy
{
    /// <summary>All traffic at once, when the new session is warm.</summary>
    Direct,
}

public sealed record DeploymentDefinition
{
    public DeploymentStrategy Strategy { get; init; }
}

public sealed record MonitoringDefinition
{
    /// <summary>
    /// A streamed score above it becomes an alert: the probability of the positive class (binary), or the predicted number (regression). Null:
    /// no alerts.
    /// </summary>
    public double? AlertAbove { get; init; }

    public DriftDefinition Drift { get; init; } = new();

    /// <summary>Predictions of so long are judged at once: 15 min to 30 d. Default 1 h.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromHours(1);

    /// <summary>True: drift starts the pipeline again, on its newest data.</summary>
    public bool Retrain { get; init; }
}

public sealed record DriftDefinition
{
    /// <summary>Population stability index from which a column has drifted, above 0, at most 10. Default 0.2.</summary>
    public double Psi { get; init; } = 0.2;
}
