using Microsoft.Extensions.Configuration;

namespace Serverless.Local.Hosting;

/// <summary>Finds the connection string behind the name in a binding.</summary>
internal sealed class StorageConnections(IConfiguration configuration)
{
    public const string HostConnection = "AzureWebJobsStorage";

    /// <summary>Looks where the platform looks: the name, ConnectionStrings, the name with AzureWebJobs before it.</summary>
    public string? Find(string? name)
    {
        name = string.IsNullOrWhiteSpace(name) ? HostConnection : name;
        return NotEmpty(configuration[name])
            ?? NotEmpty(configuration.GetConnectionString(name))
            ?? NotEmpty(configuration["AzureWebJobs" + name]);
    }

    /// <exception cref="InvalidOperationException">There is none: the message says where to set it.</exception>
    public string Require(string? name, string who)
    {
        if (Find(name) is { } found)
            return found;
        var setting = string.IsNullOrWhiteSpace(name) ? HostConnection : name;
        if (configuration.GetSection(setting).GetChildren().Any())
            throw new InvalidOperationException(
                $"{who}: connection '{setting}' is identity-based ({setting}__...), which the local runtime does not support. "
                    + $"Set \"{setting}\": \"UseDevelopmentStorage=true\" in local.settings.json (Values) for Azurite, or a connection string."
            );
        throw new InvalidOperationException(
            $"{who}: Storage account connection string '{setting}' does not exist. Make sure that it is a defined App Setting. "
                + $"Set \"{setting}\": \"UseDevelopmentStorage=true\" in local.settings.json (Values) for Azurite, or the environment variable {setting}."
        );
    }

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
