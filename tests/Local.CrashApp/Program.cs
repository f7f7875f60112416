using System.Globalization;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Local.CrashApp;
using Serverless.Local.Durable;

if (args is ["broker", .. var broker])
    return await CrashBroker.RunAsync(broker);
if (args is ["reader", var readerFolder])
    return await CrashReader.RunAsync(readerFolder);
if (args is ["hub", var hubFolder])
    return await CrashHub.RunAsync(hubFolder);

// Arguments: folder of the log, folder for the activities' notes, instances of each kind. Ends with 0 and the end state
// on standard output when all are done; until then it may be killed and started again at will.
if (
    args is not [var folder, var notes, var countText]
    || !int.TryParse(countText, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
)
{
    Console.Error.WriteLine("usage: crash-app LOG-FOLDER NOTES-FOLDER COUNT | broker FOLDER PORT | reader FOLDER | hub FOLDER");
    return 2;
}
Directory.CreateDirectory(notes);
var options = new DurableOptions
{
    Folder = folder,
    SegmentBytes = 8 * 1024,
    CompactAboveBytes = 32 * 1024,
    IndexEveryBytes = 4 * 1024,
};
await using var engine = new DurableEngine(options, new CrashFunctions(notes), TimeProvider.System, NullLoggerFactory.Instance);
await engine.StartAsync(CancellationToken.None);

List<Task> all = [];
for (var i = 0; i < count; i++)
{
    foreach (var kind in CrashFunctions.Kinds)
        all.Add(DriveAsync(engine.Client, kind, $"{kind}-{i.ToString(CultureInfo.InvariantCulture)}"));
}
await Task.WhenAll(all);
await foreach (var instance in engine.Client.GetAllInstancesAsync(new OrchestrationQuery(FetchInputsAndOutputs: true)))
    Console.WriteLine(
        $"{instance.InstanceId} {instance.Name} {instance.RuntimeStatus} {instance.SerializedCustomStatus} {instance.SerializedOutput}"
    );
await engine.StopAsync(CancellationToken.None);
return 0;

// A caller that knows only what it was told: what was acknowledged it does not repeat.
async Task DriveAsync(DurableTaskClient client, string kind, string id)
{
    var marks = Path.Combine(notes, "acknowledged-" + id);
    if (!File.Exists(marks))
    {
        // A process that died may have scheduled it before it could note so; an instance that has ended since would be replaced and run again.
        if (await client.GetInstanceAsync(id) is null)
            await client.ScheduleNewOrchestrationInstanceAsync(kind, kind == "Rounds" ? 0 : null, new StartOrchestrationOptions(id));
        await File.WriteAllTextAsync(marks, string.Empty);
    }
    if (await client.GetInstanceAsync(id) is null)
        throw new InvalidOperationException($"Instance {id} was acknowledged and is lost.");
    for (var number = 0; kind == "Events" && number < 3; number++)
    {
        var mark = marks + number.ToString(CultureInfo.InvariantCulture);
        if (File.Exists(mark))
            continue;
        try
        {
            // An event whose acknowledgement was lost may come twice; the orchestrator takes the first three, so only
            // repeat what its own history does not have.
            if (Raised(id) <= number)
                await client.RaiseEventAsync(id, "Number", number);
        }
        catch (InvalidOperationException)
        {
            // Ended already: it has had its events.
        }
        await File.WriteAllTextAsync(mark, string.Empty);
    }
    await client.WaitForInstanceCompletionAsync(id);
}

int Raised(string id) => engine.GetHistory(id)?.Count(entry => entry.EventType == "EventRaised") ?? 0;
