using Azure.Core;
using Azure.Identity;
using Azure.ResourceManager;
using Microsoft.Extensions.DependencyInjection;
using Serverless.Pipeline.Capacity;

namespace Serverless.Functions.Capacity;

internal static class ArmRegistration
{
    /// <summary>Machines by scale sets in Azure; without <c>Capacity__Offers</c> nobody is asked for anything.</summary>
    public static IServiceCollection AddScaleSets(this IServiceCollection services)
    {
        services.AddCapacity();
        services.AddSingleton<IScaleSets>(provider => new ArmScaleSets(
            CredentialOf(provider.GetRequiredService<CapacityOptions>()),
            new ArmClientOptions()
        ));
        return services;
    }

    private static TokenCredential CredentialOf(CapacityOptions options) =>
        options.ClientId is { Length: > 0 } clientId
            ? new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId))
            : new DefaultAzureCredential();
}
