using Serverless.Pipeline.Definitions;

namespace Serverless.GpuWorker.Trainers;

/// <summary>What is the same for every trainer of a job.</summary>
/// <param name="Task">What is predicted.</param>
/// <param name="Classes">In the order of the probabilities; empty for regression.</param>
/// <param name="CategoricalColumns">Indices of the columns that hold category codes.</param>
/// <param name="Seed">Everything random comes from it.</param>
/// <param name="Threads">Part of the job: another number can give another model.</param>
internal sealed record TrainingSetup(
    PredictionTask Task,
    IReadOnlyList<string> Classes,
    IReadOnlyList<int> CategoricalColumns,
    int Seed,
    int Threads
);
