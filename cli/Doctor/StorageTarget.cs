using Microsoft.Extensions.Configuration;
using Serverless.Pipeline.Storage;

namespace Serverless.Cli.Doctor;

/// <summary>Which storage account is looked at, and how it was found out.</summary>
/// <param name="Clients">Null when the settings do not name one.</param>
/// <param name="Named">Somebody named it; else it is where a local stack has it by default.</param>
/// <param name="Finding">How the settings are.</param>
internal sealed record StorageTarget(StorageClients? Clients, bool Named, Finding Finding)
{
    private const string Check = "setting " + StorageClients.Setting;
    private const string SettingsFile = "local.settings.json";

    /// <summary>The account in Azure: its services by their usual names, with the caller's own login.</summary>
    public static StorageTarget Account(string name)
    {
        var settings = Suffixes.ToDictionary(
            service => $"{StorageClients.Setting}:{service}ServiceUri",
            service => (string?)$"https://{name}.{service}.core.windows.net"
        );
        return From(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), named: true, $"account {name}, own login");
    }

    /// <summary>From a connection string.</summary>
    public static StorageTarget Connection(string connection) =>
        From(Configuration(new() { [StorageClients.Setting] = connection }), named: true, "--storage");

    /// <summary>From the environment, else <c>local.settings.json</c> of the folder, else the local stack's default.</summary>
    public static StorageTarget Settings(string folder, IConfiguration environment)
    {
        if (environment.GetSection(StorageClients.Setting) is var section && (section.Value is not null || section.GetChildren().Any()))
        {
            return From(environment, named: true, "the environment");
        }

        var file = Path.Combine(folder, SettingsFile);
        if (!File.Exists(file))
        {
            return From(Configuration(new() { [StorageClients.Setting] = "UseDevelopmentStorage=true" }), named: false, "the default");
        }

        try
        {
            var values = new ConfigurationBuilder().AddJsonFile(file).Build().GetSection("Values").GetChildren();
            var settings = values.ToDictionary(value => value.Key.Replace("__", ":", StringComparison.Ordinal), value => value.Value);
            return From(Configuration(settings), named: true, file);
        }
        catch (InvalidDataException broken)
        {
            return Wrong(
                $"{file} cannot be read: {broken.InnerException?.Message ?? broken.Message}",
                "Mend it; local.settings.sample.json shows its form."
            );
        }
    }

    private static IReadOnlyList<string> Suffixes { get; } = ["blob", "queue", "table"];

    private static IConfiguration Configuration(Dictionary<string, string?> values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values).Build();

    private static StorageTarget From(IConfiguration configuration, bool named, string source)
    {
        try
        {
            var missing = Missing(configuration);
            if (missing.Count > 0)
            {
                return Wrong(
                    $"{string.Join(", ", missing)} missing in {source}, where other settings of the account are",
                    "Set all three addresses; without them only a part of the storage is found."
                );
            }

            var clients = StorageClients.FromConfiguration(configuration);
            return new StorageTarget(clients, named, Finding.Ok(Check, $"{source}: {clients.Blobs.Uri}"));
        }
        catch (InvalidOperationException missing)
        {
            return Wrong($"missing in {source}", missing.Message);
        }
        catch (FormatException wrong)
        {
            return Wrong(
                $"not readable in {source}: {wrong.Message}",
                "Expected 'UseDevelopmentStorage=true', or a connection string as the portal shows it."
            );
        }
    }

    private static List<string> Missing(IConfiguration configuration)
    {
        var section = configuration.GetSection(StorageClients.Setting);
        var unset = Suffixes.Where(service => string.IsNullOrEmpty(section[$"{service}ServiceUri"])).ToList();
        return unset.Count == Suffixes.Count ? [] : [.. unset.Select(service => $"{StorageClients.Setting}__{service}ServiceUri")];
    }

    private static StorageTarget Wrong(string found, string advice) => new(null, true, Finding.Error(Check, found, advice));
}
