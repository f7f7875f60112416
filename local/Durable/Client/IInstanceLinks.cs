using Microsoft.Azure.Functions.Worker;

namespace Serverless.Local.Durable;

/// <summary>Gives the addresses by which an instance is watched and steered.</summary>
internal interface IInstanceLinks
{
    /// <param name="instanceId">The instance.</param>
    /// <param name="asked">The address a caller has used; null: the app's own.</param>
    HttpManagementPayload Of(string instanceId, Uri? asked);
}
