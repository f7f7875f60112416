using System.Globalization;
using Serverless.Pipeline.Definitions;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>Our settings in LightGBM's words.</summary>
internal static class LightGbmParameters
{
    /// <summary>For binning and for boosting alike: LightGBM reads of it what it needs.</summary>
    public static string Of(LightGbmSettings settings, TrainingSetup setup, int ranks = 1)
    {
        var (objective, metric) = setup.Task switch
        {
            PredictionTask.Binary => ("binary", "binary_logloss"),
            PredictionTask.Multiclass => ("multiclass", "multi_logloss"),
            _ => ("regression", "rmse"),
        };
        List<string> all =
        [
            $"objective={objective}",
            $"metric={metric}",
            $"num_leaves={settings.Leaves}",
            $"learning_rate={Number(settings.LearningRate)}",
            $"min_data_in_leaf={settings.MinDataInLeaf}",
            $"feature_fraction={Number(settings.FeatureFraction)}",
            $"bagging_fraction={Number(settings.BaggingFraction)}",
            $"bagging_freq={(settings.BaggingFraction < 1 ? 1 : 0)}",
            $"lambda_l1={Number(settings.LambdaL1)}",
            $"lambda_l2={Number(settings.LambdaL2)}",
            $"max_bin={settings.MaxBin}",
            $"seed={setup.Seed}",
            $"num_threads={setup.Threads}",
            // The same job gives the same model: no choice is left to a timing.
            "deterministic=true",
            "force_col_wise=true",
            "boost_from_average=true",
            "verbosity=-1",
        ];
        if (ranks > 1)
        {
            all.AddRange(["tree_learner=data", $"num_machines={ranks}", "pre_partition=true"]);
        }

        if (setup.Task == PredictionTask.Multiclass)
        {
            all.Add($"num_class={setup.Classes.Count}");
        }

        if (setup.CategoricalColumns.Count > 0)
        {
            all.Add($"categorical_feature={string.Join(',', setup.CategoricalColumns)}");
        }

        return string.Join(' ', all);
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
