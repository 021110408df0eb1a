/**
 * A process that sends many Export requests at once, each on a connection of its own, and tells its parent how many
 * ended with which status.
 */
import { once } from "node:events";
import { connect } from "node:http2";
import { createGzip, gzipSync } from "node:zlib";
import { requestOf } from "./requests.mjs";

const [address = "", kind = "", count = ""] = process.argv.slice(2);
const mebibyte = 1024 * 1024;

/** A gibibyte of zeros, compressed to a megabyte. */
async function bomb() {
  const gzip = createGzip({ level: 9 });
  const parts = [];
  gzip.on("data", (part) => parts.push(part));
  const zeros = Buffer.alloc(16 * mebibyte);
  for (let n = 0; n < 64; n++) if (!gzip.write(zeros)) await once(gzip, "drain");
  gzip.end();
  await once(gzip, "end");
  return Buffer.concat(parts);
}

/** 43 megabytes of spans. */
function valid() {
  return Buffer.concat(Array.from({ length: 43 }, (_, n) => requestOf(n + 1)));
}

/** @type {Record<string, { encoding?: string, body: () => Buffer | Promise<Buffer> }>} */
const kinds = {
  bomb: { encoding: "gzip", body: bomb },
  valid: { body: valid },
  "valid-gzip": { encoding: "gzip", body: () => gzipSync(valid(), { level: 1 }) },
};
const { encoding, body: makeBody } = kinds[kind] ?? kinds.valid;
const body = await makeBody();
const prefix = Buffer.alloc(5);
prefix[0] = encoding === undefined ? 0 : 1;
prefix.writeUInt32BE(body.length, 1);

/** @returns {Promise<string>} the status. */
function send() {
  return new Promise((resolve, reject) => {
    // Its own bound would count what it has to send, and refuse the answer.
    const session = connect(`http://${address}`, { maxSessionMemory: 1024 });
    session.on("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      "content-type": "application/grpc",
      te: "trailers",
      ...(encoding === undefined ? {} : { "grpc-encoding": encoding }),
    });
    let code = "none";
    const note = (headers) => {
      code = headers["grpc-status"] ?? code;
    };
    stream.on("response", note);
    stream.on("trailers", note);
    stream.on("error", reject);
    stream.on("close", () => {
      session.destroy();
      resolve(code);
    });
    stream.resume();
    stream.write(prefix);
    stream.end(body);
  });
}

/** @type {Record<string, number>} */
const codes = {};
await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    const code = await send();
    codes[code] = (codes[code] ?? 0) + 1;
  }),
);
process.send?.(codes);
process.disconnect?.();
