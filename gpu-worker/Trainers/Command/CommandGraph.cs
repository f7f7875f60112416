using Microsoft.ML.OnnxRuntime;
using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>Whether a graph that somebody made is one that can be served: see <see cref="ModelSignature"/>.</summary>
internal static class CommandGraph
{
    private const string Advice =
        "Expected one input for each column, named as it, of shape [N, 1], double or string; and output 'probabilities', double [N, classes] in the "
        + "order of 'classes' in job.json, or for regression 'prediction', double [N]. See docs/command.md.";

    private const int TriedRows = 64;

    /// <exception cref="JobFailedException">It is not; the message says what is wrong.</exception>
    public static OnnxModel Load(byte[] graph, CommandProblem problem, OnnxModelOptions options)
    {
        var signature = Signature(graph, problem);
        OnnxModel model;
        try
        {
            model = OnnxModel.Load(graph, signature, options);
        }
        catch (InvalidDataException other)
        {
            throw Wrong(other.Message, other);
        }

        try
        {
            var nothing = new CommandCheck(model);
            nothing.Compare(Missing(signature, 1), "row without any value");
            nothing.Compare(Missing(signature, TriedRows), "row without any value");
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Of the columns that the graph takes; it may leave some out.</summary>
    private static ModelSignature Signature(byte[] graph, CommandProblem problem)
    {
        try
        {
            using var session = new InferenceSession(graph);
            var inputs = session.InputNames.Select(name => Input(name, session.InputMetadata[name], problem)).ToList();
            if (inputs.Count == 0)
            {
                throw Wrong("It has no input.");
            }

            var output =
                problem.Task == PredictionTask.Regression ? ModelSignature.Outputs.Prediction : ModelSignature.Outputs.Probabilities;
            if (
                problem.Task != PredictionTask.Regression
                && session.OutputMetadata.TryGetValue(output, out var found)
                && (found.Dimensions.Length != 2 || found.Dimensions[1] >= 0 && found.Dimensions[1] != problem.Classes.Count)
            )
            {
                throw Wrong(
                    $"Output '{output}' has shape [{Shape(found)}]; expected [N, {problem.Classes.Count}] for {string.Join(", ", problem.Classes.Take(20))}."
                );
            }

            return new ModelSignature
            {
                Task = problem.Task,
                Target = problem.Target.Name,
                TargetType = problem.Target.Type,
                Classes = problem.Classes,
                Inputs = inputs,
            };
        }
        catch (OnnxRuntimeException broken)
        {
            throw Wrong($"ONNX Runtime does not load it: {broken.Message}", broken);
        }
    }

    private static FeatureInput Input(string name, NodeMetadata found, CommandProblem problem)
    {
        var column =
            problem.Features.FirstOrDefault(each => each.Name == name)
            ?? throw Wrong(
                $"It has an input '{name}', and no column of that name is to learn from; columns are "
                    + $"{string.Join(", ", problem.Features.Take(20).Select(each => $"'{each.Name}'"))}{(problem.Features.Count > 20 ? ", ..." : "")}."
            );
        return found.Dimensions is [< 0, < 0 or 1]
            ? new FeatureInput(name, column.Type)
            : throw Wrong($"Input '{name}' has shape [{Shape(found)}]; expected [N, 1] with N left open (a dynamic axis).");
    }

    private static ColumnBatch Missing(ModelSignature signature, int rows) =>
        new(
            rows,
            [
                .. signature.Inputs.Select(input =>
                    input.Type == ColumnType.Text
                        ? new ColumnValues(input.Name, [.. Enumerable.Repeat("", rows)])
                        : new ColumnValues(input.Name, input.Type, [.. Enumerable.Repeat(double.NaN, rows)])
                ),
            ]
        );

    private static string Shape(NodeMetadata found) => string.Join(", ", found.Dimensions.Select(size => size < 0 ? "N" : $"{size}"));

    internal static JobFailedException Wrong(string what, Exception? cause = null) =>
        new($"The command's model.onnx cannot be served. {what} {Advice}", userError: true, cause);
}
