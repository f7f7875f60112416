// Arguments: connection string, hub. Lines in: "send N", "receive N" or "receive-bytes N" (bodies are not parsed); lines out: events a second, and the part of that time in which this
// process computed (1: it is the limit, whatever the broker could do).
const { EventHubProducerClient, EventHubConsumerClient, earliestEventPosition } = require("@azure/event-hubs");
const [connection, hub] = process.argv.slice(2);
const batchEvents = 500;
// 100 B of JSON, as telemetry is: the client tries to parse every body, and one that is no JSON costs it an exception an event.
const body = Buffer.from(JSON.stringify({ id: "press-7", note: "" }).replace('""', `"${"x".repeat(74)}"`));

function busy(began, usage) {
  const { user, system } = process.cpuUsage(usage);
  return (user + system) / 1000 / (performance.now() - began);
}

async function send(producer, partitionIds, count) {
  const [began, usage] = [performance.now(), process.cpuUsage()];
  await Promise.all(
    partitionIds.map(async (partitionId) => {
      for (let left = count / partitionIds.length; left > 0; ) {
        const batch = await producer.createBatch({ partitionId });
        while (batch.count < Math.min(batchEvents, left)) if (!batch.tryAdd({ body })) throw new Error("the batch is full");
        await producer.sendBatch(batch);
        left -= batch.count;
      }
    }),
  );
  return [count / ((performance.now() - began) / 1000), busy(began, usage)];
}

async function receive(count, skipParsingBodyAsJson) {
  const consumer = new EventHubConsumerClient("$Default", connection, hub);
  let [read, first, began, usage] = [0, 0, 0, undefined];
  const result = await new Promise((done, fail) => {
    const subscription = consumer.subscribe(
      {
        processEvents: async (events) => {
          if (events.length === 0 || read >= count) return;
          read += events.length;
          // The clock starts when all links are open and the code is warm.
          if (began === 0 && read >= count / 5) [began, first, usage] = [performance.now(), read, process.cpuUsage()];
          if (read < count) return;
          const seconds = (performance.now() - began) / 1000;
          const result = [(read - first) / seconds, busy(began, usage)];
          subscription.close().then(() => done(result), fail);
        },
        processError: async (error) => fail(error),
      },
      { startPosition: earliestEventPosition, maxBatchSize: batchEvents, skipParsingBodyAsJson },
    );
  });
  await consumer.close();
  return result;
}

(async () => {
  const producer = new EventHubProducerClient(connection, hub);
  const partitionIds = await producer.getPartitionIds();
  for await (const line of require("node:readline").createInterface({ input: process.stdin })) {
    const [what, count] = line.split(" ");
    const result = what === "send" ? send(producer, partitionIds, Number(count)) : receive(Number(count), what === "receive-bytes");
    console.log((await result).join(" "));
  }
  await producer.close();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
