using System.Globalization;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>Reads the trees out of LightGBM's model text, whose numbers have all their digits.</summary>
internal static class ModelText
{
    /// <exception cref="InvalidDataException">A tree lacks a field or has one that is no number.</exception>
    public static IReadOnlyList<Tree> Trees(string text)
    {
        var trees = new List<Tree>();
        Dictionary<string, string>? fields = null;
        foreach (var range in text.AsSpan().Split('\n'))
        {
            var line = text.AsSpan()[range].Trim();
            var ends = line is "end of trees";
            if (ends || line.StartsWith("Tree="))
            {
                if (fields is not null)
                {
                    trees.Add(Read(fields, trees.Count));
                }

                fields = [];
            }
            else if (fields is not null && line.IndexOf('=') is > 0 and var at)
            {
                fields[line[..at].ToString()] = line[(at + 1)..].ToString();
            }

            if (ends)
            {
                return trees;
            }
        }

        throw new InvalidDataException("LightGBM's model text has no 'end of trees'; it is cut short.");
    }

    private static Tree Read(Dictionary<string, string> fields, int number)
    {
        var tree = new Tree
        {
            Features = Numbers<int>("split_feature"),
            Thresholds = Numbers<double>("threshold"),
            Decisions = Numbers<int>("decision_type"),
            Left = Numbers<int>("left_child"),
            Right = Numbers<int>("right_child"),
            Leaves = Numbers<double>("leaf_value"),
            CategoryBounds = Numbers<int>("cat_boundaries"),
            CategoryBits = Numbers<uint>("cat_threshold"),
        };
        var splits = tree.Splits;
        var whole =
            tree.Leaves.Length == splits + 1
            && tree.Thresholds.Length == splits
            && tree.Decisions.Length == splits
            && tree.Left.Length == splits
            && tree.Right.Length == splits;
        return whole
            ? tree
            : throw new InvalidDataException(
                $"Tree {number} of LightGBM's model text has {splits} splits and {tree.Leaves.Length} leaves."
            );

        T[] Numbers<T>(string name)
            where T : System.Numerics.INumber<T>
        {
            if (!fields.TryGetValue(name, out var values) || values.Length == 0)
            {
                return [];
            }

            var all = new List<T>();
            foreach (var range in values.AsSpan().Split(' '))
            {
                var word = values.AsSpan()[range];
                if (!word.IsEmpty)
                {
                    all.Add(Number<T>(word, name, number));
                }
            }

            return [.. all];
        }
    }

    private static T Number<T>(ReadOnlySpan<char> word, string field, int tree)
        where T : System.Numerics.INumber<T>
    {
        if (T.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            return value;
        }

        // The C library writes infinities so.
        return word switch
        {
            "inf" => T.CreateChecked(double.PositiveInfinity),
            "-inf" => T.CreateChecked(double.NegativeInfinity),
            _ => throw new InvalidDataException($"Tree {tree} of LightGBM's model text has '{word}' in {field}; expected a number."),
        };
    }
}
