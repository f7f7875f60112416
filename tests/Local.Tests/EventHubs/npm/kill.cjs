// Arguments: connection string, "plain" or "idempotent". Sends numbers by the buffered producer and reads them, while the broker is killed and started again.
// Says "under way" once some are acknowledged, goes on when a line comes, and ends when every acknowledged number has been read.
const { EventHubBufferedProducerClient, EventHubConsumerClient, earliestEventPosition } = require("@azure/event-hubs");
const [connection, kind] = process.argv.slice(2);
const retryOptions = { maxRetries: 30, retryDelayInMs: 200, timeoutInMs: 5000 };
const [acknowledged, places] = [new Set(), new Map()];
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

(async () => {
  const consumer = new EventHubConsumerClient("$Default", connection, "telemetry", { retryOptions });
  consumer.subscribe(
    {
      processEvents: async (events, context) => {
        for (const event of events) {
          if (!places.has(event.body)) places.set(event.body, new Set());
          places.get(event.body).add(`${context.partitionId}/${event.sequenceNumber}`);
        }
      },
      // The connection is lost while the broker is away; the client connects again by itself.
      processError: async () => {},
    },
    { startPosition: earliestEventPosition, maxBatchSize: 200, maxWaitTimeInSeconds: 1 },
  );
  let failed = 0;
  const producer = new EventHubBufferedProducerClient(connection, "telemetry", {
    retryOptions,
    maxWaitTimeInMs: 20,
    enableIdempotentRetries: kind === "idempotent",
    onSendEventsSuccessHandler: ({ events }) => events.forEach((event) => acknowledged.add(event.body)),
    onSendEventsErrorHandler: ({ events }) => (failed += events.length),
  });
  let [next, running] = [0, true];
  require("node:readline")
    .createInterface({ input: process.stdin })
    .once("line", () => (running = false));
  let told = false;
  for (let rest = 20; running || rest-- > 0; await pause(10)) {
    await producer.enqueueEvents(Array.from({ length: 20 }, () => ({ body: next++ })));
    if (!told && acknowledged.size >= 200 && places.size > 0) {
      told = true;
      console.log("under way");
    }
  }
  await producer.flush();
  for (let i = 0; i < 2400 && [...acknowledged].some((number) => !places.has(number)); i++) await pause(50);
  const lost = [...acknowledged].filter((number) => !places.has(number)).length;
  const twice = [...places.values()].filter((of) => of.size > 1).length;
  console.log(`sent ${next}, acknowledged ${acknowledged.size}, failed ${failed}, lost ${lost}, twice ${twice}`);
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
