// Arguments: connection string, events, partitions. Sends numbered events in batches and reads all of them back, in order in each partition.
const { EventHubProducerClient, EventHubConsumerClient, earliestEventPosition } = require("@azure/event-hubs");
const [connection, countText] = process.argv.slice(2);
const count = Number(countText);

(async () => {
  const producer = new EventHubProducerClient(connection, "telemetry");
  const { partitionIds } = await producer.getEventHubProperties();
  const each = count / partitionIds.length;
  await Promise.all(
    partitionIds.map(async (partitionId) => {
      for (let next = 0; next < each; ) {
        const batch = await producer.createBatch({ partitionId });
        for (let i = 0; i < 500 && next < each; i++) if (!batch.tryAdd({ body: next++ })) throw new Error("the batch is full");
        await producer.sendBatch(batch);
      }
    }),
  );
  const consumer = new EventHubConsumerClient("$Default", connection, "telemetry");
  const next = new Map(partitionIds.map((id) => [id, 0]));
  let read = 0;
  await new Promise((done, fail) => {
    const subscription = consumer.subscribe(
      {
        processEvents: async (events, context) => {
          for (const event of events) {
            const expected = next.get(context.partitionId);
            if (event.body !== expected || event.sequenceNumber !== expected)
              return fail(new Error(`partition ${context.partitionId}: ${event.body} at ${event.sequenceNumber}, expected ${expected}`));
            next.set(context.partitionId, expected + 1);
          }
          read += events.length;
          if (read === count) subscription.close().then(done, fail);
        },
        processError: async (error) => fail(error),
      },
      { startPosition: earliestEventPosition, maxBatchSize: 1000 },
    );
  });
  await consumer.close();
  await producer.close();
  console.log(`read ${read}`);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
