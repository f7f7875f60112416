using Microsoft.Extensions.Configuration;

namespace Serverless.GpuWorker.Jobs;

/// <summary>Where settings come from: as the app's, the environment over <c>Values</c> of <c>local.settings.json</c>.</summary>
internal static class WorkerSettings
{
    public static IConfiguration Read(string folder)
    {
        var values = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(folder, "local.settings.json"), optional: true)
            .Build()
            .GetSection("Values")
            .GetChildren()
            .Select(value => KeyValuePair.Create(value.Key.Replace("__", ":", StringComparison.Ordinal), value.Value));
        return new ConfigurationBuilder().AddInMemoryCollection(values).AddEnvironmentVariables().Build();
    }
}
