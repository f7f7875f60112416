// Argument: connection string. A wrong key, a missing hub and a message over the limit, as the client names them.
const { EventHubProducerClient } = require("@azure/event-hubs");
const [connection] = process.argv.slice(2);
const retryOptions = { maxRetries: 0 };

async function codeOf(action) {
  try {
    await action();
    return "none";
  } catch (error) {
    return error.code ?? error.name;
  }
}

(async () => {
  const stranger = new EventHubProducerClient(connection.replace(/SharedAccessKey=[^;]*/, "SharedAccessKey=wrong"), "telemetry", { retryOptions });
  console.log(`wrong key: ${await codeOf(() => stranger.sendBatch([{ body: 1 }]))}`);
  const lost = new EventHubProducerClient(connection, "nowhere", { retryOptions });
  console.log(`missing hub: ${await codeOf(() => lost.sendBatch([{ body: 1 }]))}`);
  const producer = new EventHubProducerClient(connection, "telemetry", { retryOptions });
  console.log(`too large: ${await codeOf(() => producer.sendBatch([{ body: "x".repeat(1100000) }]))}`);
  await producer.sendBatch([{ body: 1 }]);
  await Promise.all([stranger.close(), lost.close(), producer.close()]);
  console.log("done");
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
