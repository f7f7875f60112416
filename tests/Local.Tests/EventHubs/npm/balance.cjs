// Arguments: connection string, storage connection string, container. Two consumers share a hub by checkpoints in blobs, then one is left.
const { EventHubProducerClient, EventHubConsumerClient, earliestEventPosition } = require("@azure/event-hubs");
const { BlobCheckpointStore } = require("@azure/eventhubs-checkpointstore-blob");
const { ContainerClient } = require("@azure/storage-blob");
const [connection, storage, container] = process.argv.slice(2);
const seen = new Set();

function fail(error) {
  console.error(error);
  process.exit(1);
}

function consume() {
  const store = new BlobCheckpointStore(new ContainerClient(storage, container));
  const client = new EventHubConsumerClient("$Default", connection, "telemetry", store, {
    loadBalancingOptions: { strategy: "greedy", updateIntervalInMs: 300, partitionOwnershipExpirationIntervalInMs: 10000 },
  });
  const owned = new Set();
  const subscription = client.subscribe(
    {
      processInitialize: async (context) => void owned.add(context.partitionId),
      processClose: async (reason, context) => void owned.delete(context.partitionId),
      processEvents: async (events, context) => {
        for (const event of events) seen.add(event.body);
        if (events.length > 0) await context.updateCheckpoint(events[events.length - 1]);
      },
      // A partition that moves is stolen from its reader.
      processError: async (error) => error.code === "ReceiverDisconnectedError" || fail(error),
    },
    { startPosition: earliestEventPosition, maxBatchSize: 200, maxWaitTimeInSeconds: 1 },
  );
  return { owned, close: async () => (await subscription.close(), await client.close()) };
}

async function until(condition, what) {
  for (let i = 0; i < 2400; i++, await new Promise((done) => setTimeout(done, 50))) if (condition()) return;
  fail(new Error(`waited for ${what}; seen ${seen.size}`));
}

(async () => {
  const producer = new EventHubProducerClient(connection, "telemetry");
  let next = 0;
  const send = async () => {
    for (const partitionId of await producer.getPartitionIds())
      await producer.sendBatch(Array.from({ length: 500 }, () => ({ body: next++ })), { partitionId });
  };
  const [first, second] = [consume(), consume()];
  await send();
  await until(() => first.owned.size === 2 && second.owned.size === 2, "two partitions each");
  await send();
  await until(() => seen.size === next, "every event");
  console.log(`shared ${seen.size}`);
  await second.close();
  await until(() => first.owned.size === 4, "all partitions at the one that is left");
  await send();
  await until(() => seen.size === next, "every event of the one that is left");
  console.log(`alone ${seen.size}`);
  await first.close();
  await producer.close();
  process.exit(0);
})().catch(fail);
