using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting;
using Serverless.Local.Triggers.Drops;
using Serverless.Local.Triggers.EventHubs;
using Serverless.Local.Triggers.EventHubs.Ownership;
using Serverless.Local.Triggers.Queues;
using Serverless.Local.Triggers.Timers;

namespace Serverless.Local.Triggers;

/// <summary>Makes the listeners of an app's queue, timer and Event Hubs functions, and the drop watcher where it is needed.</summary>
internal sealed class ListenerFactory(
    IServiceProvider services,
    HostSettings host,
    IConfiguration configuration,
    StorageConnections connections,
    HubClients hubs,
    string home,
    TimeProvider time
)
{
    private readonly ILoggerFactory _loggers = services.GetRequiredService<ILoggerFactory>();

    public void AddTo(FunctionApp app, List<string> problems)
    {
        var queues = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (function, outputs) in app.Functions)
        {
            var logger = _loggers.CreateLogger("Function." + function.Name);
            try
            {
                // For every function: a retry attribute where there are no retries is refused.
                var runner = new FunctionRunner(function, outputs, host.FunctionTimeout, services, time, logger);
                if (function.Declaration.Trigger is QueueTriggerAttribute queue)
                    app.Listeners.Add(Queue(runner, queue, queues, logger));
                else if (function.Declaration.Trigger is TimerTriggerAttribute timer)
                    app.Listeners.Add(Timer(runner, timer, logger));
                else if (function.Declaration.Trigger is EventHubTriggerAttribute hub)
                    app.Listeners.Add(Hub(runner, hub, logger));
            }
            catch (Exception e) when (e is InvalidOperationException or FormatException)
            {
                problems.Add(e is FormatException ? $"Function '{function.Name}': {e.Message}" : e.Message);
            }
        }
        AddDrops(app, queues, problems);
    }

    private QueueListener Queue(FunctionRunner runner, QueueTriggerAttribute trigger, HashSet<string> queues, ILogger logger)
    {
        var where = $"Function '{runner.Name}'";
        var name = SettingNames.Resolve(trigger.QueueName, configuration, where).ToLowerInvariant();
        var connection = connections.Require(trigger.Connection, where);
        queues.Add(name);
        QueueClient queue;
        QueueClient poison;
        try
        {
            // Decoding is ours: a message that is not base64 must reach the poison queue, not an exception of the client.
            queue = new QueueClient(connection, name);
            poison = new QueueClient(connection, name + "-poison");
        }
        catch (FormatException e)
        {
            throw new InvalidOperationException(
                $"{where}: Storage account connection string '{trigger.Connection ?? StorageConnections.HostConnection}' is invalid. {e.Message}",
                e
            );
        }
        var processor = new MessageProcessor(queue, poison, runner, host.Queues, time, logger);
        return new QueueListener(queue, processor, host.Queues, time, logger);
    }

    private EventHubListener Hub(FunctionRunner runner, EventHubTriggerAttribute trigger, ILogger logger)
    {
        var where = $"Function '{runner.Name}'";
        var hub = SettingNames.Resolve(trigger.EventHubName, configuration, where);
        var group = SettingNames.Resolve(trigger.ConsumerGroup ?? "$Default", configuration, where);
        var client = hubs.Connect(trigger.Connection, where);
        var container = new BlobContainerClient(connections.Require(null, where), PartitionBlobs.Container);
        var blobs = new PartitionBlobs(container, client.Target.Host, hub, group);
        return new EventHubListener(
            blobs,
            client,
            hub,
            partition => new PartitionReader(
                new PartitionContext(client.Target.Host, hub, group, partition),
                runner,
                client,
                blobs,
                hubs.Settings,
                trigger.IsBatched,
                time,
                logger
            ),
            hubs.Settings,
            time,
            logger
        );
    }

    private TimerListener Timer(FunctionRunner runner, TimerTriggerAttribute trigger, ILogger logger)
    {
        var schedule = CronSchedule.Parse(SettingNames.Resolve(trigger.Schedule, configuration, $"Function '{runner.Name}'"));
        var state =
            trigger.UseMonitor && !schedule.IsFrequent(time.GetUtcNow())
                ? new TimerState(Path.Combine(home, "timers", runner.Name + ".json"))
                : null;
        return new TimerListener(runner, schedule, trigger.RunOnStartup, state, time, logger);
    }

    /// <summary>An app that reads the queue of drops gets a watcher that fills it, unless <c>Drops:Enabled</c> is false.</summary>
    private void AddDrops(FunctionApp app, HashSet<string> queues, List<string> problems)
    {
        var queue = configuration["Drops:Queue"] ?? "drop-events";
        if (!queues.Contains(queue) || string.Equals(configuration["Drops:Enabled"], "false", StringComparison.OrdinalIgnoreCase))
            return;
        try
        {
            var options = new DropOptions
            {
                ConnectionString = connections.Require(configuration["Drops:Connection"] ?? "Storage", "The drop watcher"),
                Queue = queue,
                StateFolder = Path.Combine(home, "drops"),
            };
            if (configuration["Drops:Containers"] is { Length: > 0 } containers)
                options = options with
                {
                    Containers = containers.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                };
            app.Listeners.Add(new DropWatcher(options, time, _loggers.CreateLogger("Serverless.Local.Drops")));
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            problems.Add(e.Message);
        }
    }
}
