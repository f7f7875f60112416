using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Batch;

/// <summary>The columns that a result has beside those of its source: <c>prediction</c>, <c>probability…</c>, <c>model_version</c>, <c>prediction_error</c>.</summary>
internal sealed record ResultColumns
{
    public required string Prediction { get; init; }

    /// <summary>Classification: name, and index of the class. Binary has the positive class alone.</summary>
    public required IReadOnlyList<(string Name, int Class)> Probabilities { get; init; }

    public required string ModelVersion { get; init; }

    public required string Error { get; init; }

    private IEnumerable<string> All => Probabilities.Select(column => column.Name).Prepend(Prediction).Append(ModelVersion).Append(Error);

    /// <summary>
    /// Names that the source does not have, whatever the case: where one is taken, as in a file that was scored before, all get the same
    /// number, <c>prediction_2</c> and so on, and stay a set.
    /// </summary>
    public static ResultColumns For(ModelSignature signature, IEnumerable<string> source)
    {
        var taken = new HashSet<string>(source, StringComparer.OrdinalIgnoreCase);
        for (var number = 1; ; number++)
        {
            var columns = Named(signature, number == 1 ? "" : $"_{number}");
            if (!columns.All.Any(taken.Contains))
            {
                return columns;
            }
        }
    }

    /// <summary>By role, for the summary.</summary>
    public IReadOnlyDictionary<string, string> Roles(ModelSignature signature)
    {
        var roles = new Dictionary<string, string> { ["prediction"] = Prediction };
        foreach (var (name, index) in Probabilities)
        {
            roles[$"probability:{signature.Classes[index]}"] = name;
        }

        roles["modelVersion"] = ModelVersion;
        roles["error"] = Error;
        return roles;
    }

    /// <summary>The columns as SQL, from the function's answer in <paramref name="answer"/> and a row's error in <paramref name="error"/>.</summary>
    public IEnumerable<string> Select(ModelSignature signature, int version, string answer, string error)
    {
        var prediction =
            signature.Task == PredictionTask.Regression
                ? $"{answer}[1]"
                : $"list_extract({Labels(signature)}, CAST({answer}[{signature.Classes.Count + 1}] AS INTEGER) + 1)";
        yield return $"{prediction} AS {Sql.Name(Prediction)}";
        foreach (var (name, index) in Probabilities)
        {
            yield return $"{answer}[{index + 1}] AS {Sql.Name(name)}";
        }

        yield return FormattableString.Invariant($"{version}::INTEGER AS {Sql.Name(ModelVersion)}");
        yield return $"{error} AS {Sql.Name(Error)}";
    }

    private static ResultColumns Named(ModelSignature signature, string suffix)
    {
        var used = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        string Own(string name)
        {
            var own = name + suffix;
            for (var again = 2; !used.Add(own); again++)
            {
                // Classes that differ by case alone.
                own = $"{name}_{again}{suffix}";
            }

            return own;
        }

        return new ResultColumns
        {
            Prediction = Own("prediction"),
            Probabilities = signature.Task switch
            {
                PredictionTask.Regression => [],
                PredictionTask.Binary => [(Own("probability"), 1)],
                _ => [.. signature.Classes.Select((name, index) => (Own($"probability_{name}"), index))],
            },
            ModelVersion = Own("model_version"),
            Error = Own("prediction_error"),
        };
    }

    /// <summary>The classes in the type of the target.</summary>
    private static string Labels(ModelSignature signature)
    {
        var texts = Sql.Texts(signature.Classes);
        return signature.TargetType switch
        {
            ColumnType.Integer => $"CAST({texts} AS BIGINT[])",
            ColumnType.Number => $"CAST({texts} AS DOUBLE[])",
            ColumnType.Boolean => $"CAST({texts} AS BOOLEAN[])",
            _ => texts,
        };
    }
}
