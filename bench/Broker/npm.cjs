// Arguments: connection string, hub. Lines in: "send N" or "receive N"; lines out: events a second.
const { EventHubProducerClient, EventHubConsumerClient, earliestEventPosition } = require("@azure/event-hubs");
const [connection, hub] = process.argv.slice(2);
const batchEvents = 500;
const body = Buffer.alloc(100, 7);

async function send(producer, partitionIds, count) {
  const began = performance.now();
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
  return count / ((performance.now() - began) / 1000);
}

async function receive(count) {
  const consumer = new EventHubConsumerClient("$Default", connection, hub);
  let [read, first, began] = [0, 0, 0];
  const rate = await new Promise((done, fail) => {
    const subscription = consumer.subscribe(
      {
        processEvents: async (events) => {
          if (events.length === 0 || read >= count) return;
          read += events.length;
          if (began === 0) [began, first] = [performance.now(), events.length];
          if (read < count) return;
          const seconds = (performance.now() - began) / 1000;
          subscription.close().then(() => done((read - first) / seconds), fail);
        },
        processError: async (error) => fail(error),
      },
      { startPosition: earliestEventPosition, maxBatchSize: batchEvents },
    );
  });
  await consumer.close();
  return rate;
}

(async () => {
  const producer = new EventHubProducerClient(connection, hub);
  const partitionIds = await producer.getPartitionIds();
  for await (const line of require("node:readline").createInterface({ input: process.stdin })) {
    const [what, count] = line.split(" ");
    console.log(what === "send" ? await send(producer, partitionIds, Number(count)) : await receive(Number(count)));
  }
  await producer.close();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
