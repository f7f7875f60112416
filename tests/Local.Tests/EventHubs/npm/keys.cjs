// Arguments: connection string, keys. Sends ten events of each key to the hub, half of them by the buffered producer, and says in which partition they lie.
const { EventHubBufferedProducerClient, EventHubConsumerClient, EventHubProducerClient, earliestEventPosition } = require("@azure/event-hubs");
const [connection, ...keys] = process.argv.slice(2);
const each = 10;

(async () => {
  const producer = new EventHubProducerClient(connection, "telemetry");
  for (const partitionKey of keys) {
    const batch = await producer.createBatch({ partitionKey });
    for (let number = 0; number < each / 2; number++) if (!batch.tryAdd({ body: { key: partitionKey, number } })) throw new Error("the batch is full");
    await producer.sendBatch(batch);
  }
  await producer.close();
  // This one maps keys itself, and sends to the partition: both must come to the same.
  const buffered = new EventHubBufferedProducerClient(connection, "telemetry", { onSendEventsErrorHandler: ({ error }) => Promise.reject(error) });
  for (const partitionKey of keys)
    for (let number = each / 2; number < each; number++) await buffered.enqueueEvent({ body: { key: partitionKey, number } }, { partitionKey });
  await buffered.close({ flush: true });

  const found = new Map(keys.map((key) => [key, []]));
  const consumer = new EventHubConsumerClient("$Default", connection, "telemetry");
  let read = 0;
  await new Promise((done, fail) => {
    const subscription = consumer.subscribe(
      {
        processEvents: async (events, context) => {
          for (const { body } of events) found.get(body.key).push([context.partitionId, body.number]);
          read += events.length;
          if (read === keys.length * each) subscription.close().then(done, fail);
        },
        processError: async (error) => fail(error),
      },
      { startPosition: earliestEventPosition },
    );
  });
  await consumer.close();
  for (const [key, places] of found) {
    const partitions = [...new Set(places.map(([partition]) => partition))];
    const inOrder = places.every(([, number], i) => number === i);
    console.log(`${key}: ${partitions.join(" and ")} ${inOrder ? "in order" : "out of order"}`);
  }
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
