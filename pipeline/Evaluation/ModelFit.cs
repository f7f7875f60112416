using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Evaluation;

/// <summary>Whether a champion can be measured on the rows of another model's data.</summary>
public static class ModelFit
{
    /// <summary>Null when the champion fits; else why not, to be read after "it cannot score these rows".</summary>
    /// <param name="champion">What the champion takes and gives.</param>
    /// <param name="challenger">What was trained on the new data.</param>
    /// <param name="schema">The columns of the new data.</param>
    public static string? Misfit(ModelSignature champion, ModelSignature challenger, DatasetSchema schema)
    {
        if (champion.Task != challenger.Task)
        {
            return $"it was trained for {champion.Task.ToString().ToLowerInvariant()}, the data is {challenger.Task.ToString().ToLowerInvariant()}";
        }

        if (champion.Target != challenger.Target)
        {
            return $"it predicts '{champion.Target}', the data's target is '{challenger.Target}'";
        }

        if (!champion.Classes.SequenceEqual(challenger.Classes))
        {
            return $"it knows the classes {List(champion.Classes)}, the data has {List(challenger.Classes)}";
        }

        foreach (var input in champion.Inputs)
        {
            switch (schema.Find(input.Name))
            {
                case null:
                    return $"it takes column '{input.Name}', which the data no longer has";
                case { } column when (column.Type == ColumnType.Text) != (input.Type == ColumnType.Text):
                    return $"it takes column '{input.Name}' as {input.Type.ToString().ToLowerInvariant()}, the data has {column.Type.ToString().ToLowerInvariant()}";
                default:
                    break;
            }
        }

        return null;
    }

    private static string List(IReadOnlyList<string> classes) =>
        string.Join(", ", classes.Take(10)) + (classes.Count > 10 ? $" and {classes.Count - 10} more" : "");
}
