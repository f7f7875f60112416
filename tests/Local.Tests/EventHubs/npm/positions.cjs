// Argument: connection string. Sends, says "sent", waits for the connection string of a broker over the same events and reads from every position.
const { EventHubProducerClient, EventHubConsumerClient, earliestEventPosition, latestEventPosition } = require("@azure/event-hubs");
const [connection] = process.argv.slice(2);
const count = 50;

function read(consumer, startPosition, started) {
  return new Promise((done, fail) => {
    const subscription = consumer.subscribe(
      "0",
      {
        processEvents: async (events, context) => {
          if (events.length === 0) return started?.();
          const found = { event: events[0], last: context.lastEnqueuedEventProperties };
          subscription.close().then(() => done(found), fail);
        },
        processError: async (error) => fail(error),
      },
      { startPosition, maxBatchSize: 1, maxWaitTimeInSeconds: 1, trackLastEnqueuedEventProperties: true },
    );
  });
}

(async () => {
  const producer = new EventHubProducerClient(connection, "telemetry");
  for (let body = 0; body < count; body++) await producer.sendBatch([{ body }], { partitionId: "0" });
  await producer.close();
  console.log("sent");
  const { value: again } = await require("node:readline").createInterface({ input: process.stdin })[Symbol.asyncIterator]().next();

  const consumer = new EventHubConsumerClient("$Default", again, "telemetry");
  const { event: at, last } = await read(consumer, { sequenceNumber: 20, isInclusive: true });
  console.log(`sequence, inclusive: ${at.body}`);
  console.log(`sequence: ${(await read(consumer, { sequenceNumber: 20 })).event.body}`);
  console.log(`offset: ${(await read(consumer, { offset: at.offset })).event.body}`);
  console.log(`offset, inclusive: ${(await read(consumer, { offset: at.offset, isInclusive: true })).event.body}`);
  const sameTime = (await read(consumer, { enqueuedOn: at.enqueuedTimeUtc.getTime() - 1 })).event;
  console.log(`time: ${sameTime.enqueuedTimeUtc.getTime() === at.enqueuedTimeUtc.getTime() && sameTime.body <= at.body}`);
  console.log(`earliest: ${(await read(consumer, earliestEventPosition)).event.body}`);
  const producerAgain = new EventHubProducerClient(again, "telemetry");
  let sent;
  const latest = await read(consumer, latestEventPosition, () => (sent ??= producerAgain.sendBatch([{ body: count }], { partitionId: "0" })));
  console.log(`latest: ${latest.event.body}`);
  console.log(`metrics: ${last.sequenceNumber} then ${latest.last.sequenceNumber} at ${latest.last.offset === latest.event.offset}`);
  await Promise.all([consumer.close(), producerAgain.close()]);
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
