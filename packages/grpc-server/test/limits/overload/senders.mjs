/**
 * A process that has so many Export requests to send at any time, and sends refused requests again when asked to.
 * It tells its parent of every request that is taken and of how many were refused, and ends when the parent tells it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Client, credentials, status } from "@grpc/grpc-js";
import { requestOf } from "./requests.mjs";

const [address = "", senders = ""] = process.argv.slice(2);
const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const channels = 8;
/** As the server tells. */
const pauseMillis = 1000;
const clients = Array.from(
  { length: channels },
  () => new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 }),
);
let next = 1;
let over = false;
process.on("message", () => {
  over = true;
});

/** @param {Client} client @param {Buffer} request */
function send(client, request) {
  return new Promise((resolve, reject) => {
    const same = (/** @type {Buffer} */ message) => message;
    client.makeUnaryRequest(path, same, same, request, (error) =>
      error ? reject(error) : resolve(undefined),
    );
  });
}

/** @param {unknown} error @throws when it is no refusal that says when to come again, nor of what took too long to arrive. */
function checkRefusal(error) {
  if (error.code === status.DEADLINE_EXCEEDED) return;
  const details = error.metadata?.get("grpc-status-details-bin")[0];
  const isRefusal = error.code === status.RESOURCE_EXHAUSTED;
  if (!isRefusal || !details?.includes("type.googleapis.com/google.rpc.RetryInfo")) throw error;
}

/** @param {Client} client */
async function sendOn(client) {
  while (!over) {
    const number = next++;
    const request = requestOf(number);
    for (let taken = false; !taken && !over; ) {
      try {
        await send(client, request);
        taken = true;
        process.send?.({ taken: number });
      } catch (error) {
        checkRefusal(error);
        process.send?.({ refused: 1 });
        await delay(pauseMillis);
      }
    }
  }
}

await Promise.all(Array.from({ length: Number(senders) }, (_, i) => sendOn(clients[i % channels])));
for (const client of clients) client.close();
process.disconnect?.();
