// Argument: connection string. Closes consumers in the middle of what they are sent, several times over.
const { EventHubProducerClient, EventHubConsumerClient, earliestEventPosition } = require("@azure/event-hubs");
const [connection] = process.argv.slice(2);

async function readSome(count) {
  const consumer = new EventHubConsumerClient("$Default", connection, "telemetry");
  let read = 0;
  await new Promise((done, fail) => {
    const subscription = consumer.subscribe(
      {
        processEvents: async (events) => {
          if (read >= count) return;
          read += events.length;
          if (read >= count) subscription.close().then(done, fail);
        },
        processError: async (error) => fail(error),
      },
      { startPosition: earliestEventPosition, maxBatchSize: 500 },
    );
  });
  await consumer.close();
}

(async () => {
  const producer = new EventHubProducerClient(connection, "telemetry");
  for (const partitionId of await producer.getPartitionIds())
    for (let batch = 0; batch < 10; batch++) await producer.sendBatch(Array(500).fill({ body: "x".repeat(100) }), { partitionId });
  await producer.close();
  for (let round = 0; round < 4; round++) await readSome(3000);
  console.log("closed");
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
