// Arguments: connection string, "plain" or "idempotent". Sends numbers by the buffered producer and reads them, while the broker is killed and started again.
// Says "under way" once some are acknowledged, takes note of what is in flight when the line "killed" comes, goes on until the line "enough", and ends when
// every acknowledged number has been read.
const { EventHubBufferedProducerClient, EventHubConsumerClient, earliestEventPosition } = require("@azure/event-hubs");
const [connection, kind] = process.argv.slice(2);
const retryOptions = { maxRetries: 30, retryDelayInMs: 200, timeoutInMs: 5000 };
const [acknowledged, places, inFlight] = [new Set(), new Map(), new Set()];
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
    .on("line", (line) => {
      if (line === "enough") running = false;
      // Given to the client, and without an answer from the broker that is gone.
      else for (let number = 0; number < next; number++) if (!acknowledged.has(number)) inFlight.add(number);
    });
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
  const twice = [...places].filter(([, of]) => of.size > 1).map(([number]) => number);
  const without = twice.filter((number) => !inFlight.has(number)).length;
  console.log(
    `sent ${next}, acknowledged ${acknowledged.size}, failed ${failed}, lost ${lost}, in flight ${inFlight.size}, twice ${twice.length}, twice without a reason ${without}.`,
  );
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
