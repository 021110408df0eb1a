import { PassThrough } from "node:stream";
import { deflateSync, gzipSync } from "node:zlib";
import { type StatusObject, status } from "@grpc/grpc-js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readIncoming } from "../src/arriving/incoming.js";
import { claimMessage } from "../src/arriving/receipts.js";
import { createRoom } from "../src/arriving/room.js";

const mebibyte = 1024 * 1024;

interface Given {
  readonly encoding?: string;
  readonly isUpload?: boolean;
  readonly mostBytes?: number;
  readonly room?: ReturnType<typeof createRoom>;
}

/** A call of which the test is the client. */
function openCall({ encoding = "identity", isUpload = false, mostBytes = 8 * mebibyte, ...given }: Given) {
  const room = given.room ?? createRoom({ most: 16 * mebibyte, what: "bytes" });
  const stream = new PassThrough();
  stream.pause();
  const received: Buffer[] = [];
  const releases: (() => void)[] = [];
  let ended: (end: "half close" | StatusObject) => void = () => {};
  const end = new Promise<"half close" | StatusObject>((resolve) => {
    ended = resolve;
  });
  const incoming = readIncoming({
    stream,
    encoding,
    takesMany: isUpload,
    isUpload,
    mostBytes,
    arrivalMs: 60_000,
    place: (lost) => room.place({ connection: "a", tenant: undefined }, lost),
    deserialize: (bytes) => bytes,
    receive: (message) => {
      received.push(message as Buffer);
      releases.push(claimMessage(message as Buffer));
      incoming.ask();
    },
    halfClose: () => ended("half close"),
    refuse: ended,
  });
  incoming.ask();
  return {
    stream,
    room,
    received,
    end,
    stop: incoming.stop,
    release: () => {
      for (const each of releases) each();
    },
  };
}

function frame(body: Buffer, flag: number, length = body.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, body]);
}

/** The same bytes, in pieces of these sizes over and over. */
function* cut(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] as number;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** What was written has been read by then, as far as it is read. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const compress = { identity: (bytes: Buffer) => bytes, gzip: gzipSync, deflate: deflateSync } as const;
const encodings = ["identity", "gzip", "deflate"] as const;

describe("messages of a call", () => {
  it("come as they were sent, however they are compressed and cut, and leave no room taken", async () => {
    const message = fc
      .tuple(fc.nat({ max: 100_000 }), fc.nat({ max: 255 }), fc.boolean())
      .map(([length, byte, isMixed]) =>
        Buffer.from(Array.from({ length }, (_, i) => (isMixed ? (i * byte) % 251 : byte))),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ message, isCompressed: fc.boolean() }), { maxLength: 5 }),
        fc.constantFrom(...encodings),
        fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 4 }),
        async (sent, encoding, sizes) => {
          const call = openCall({ encoding, isUpload: true });
          const frames = sent.map(({ message: body, isCompressed }) =>
            isCompressed && encoding !== "identity" ? frame(compress[encoding](body), 1) : frame(body, 0),
          );
          for (const piece of cut(Buffer.concat(frames), sizes)) call.stream.write(piece);
          call.stream.end();
          expect(await call.end).toBe("half close");
          expect(call.received.map((body) => body.toString("hex"))).toEqual(
            sent.map(({ message: body }) => body.toString("hex")),
          );
          for (const body of call.received) expect(body.buffer.byteLength).toBe(body.length);
          call.release();
          expect(call.room.held()).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("take no room before their first byte, and give it back when the call ends early", async () => {
    const call = openCall({});
    call.stream.write(frame(Buffer.alloc(0), 0, mebibyte));
    await turn();
    expect(call.room.held()).toBe(0);
    call.stream.write(Buffer.alloc(100));
    await turn();
    expect(call.room.held()).toBeGreaterThan(100);
    call.stop();
    expect(call.room.held()).toBe(0);
  });

  const refused: [what: string, given: Given, bytes: Buffer, code: status][] = [
    [
      "larger than they may be",
      { mostBytes: 100 },
      frame(Buffer.alloc(0), 0, 101),
      status.RESOURCE_EXHAUSTED,
    ],
    [
      "larger than they may be once decompressed",
      { mostBytes: 10_000, encoding: "gzip" },
      frame(gzipSync(Buffer.from(Array.from({ length: 10_001 }, (_, i) => (i * 7919) % 256))), 1),
      status.RESOURCE_EXHAUSTED,
    ],
    [
      "compressed further than anything real",
      { encoding: "deflate" },
      frame(deflateSync(Buffer.alloc(5 * mebibyte)), 1),
      status.RESOURCE_EXHAUSTED,
    ],
    ["compressed in an unknown way", { encoding: "snappy" }, frame(Buffer.alloc(3), 1), status.UNIMPLEMENTED],
    ["compressed without a word", {}, frame(Buffer.alloc(3), 1), status.INTERNAL],
    ["not what a decompressor takes", { encoding: "gzip" }, frame(Buffer.alloc(9, 1), 1), status.INTERNAL],
    [
      "cut off before the end of what is compressed",
      { encoding: "gzip" },
      frame(gzipSync(Buffer.alloc(999, 1)).subarray(0, 20), 1),
      status.INTERNAL,
    ],
    [
      "two where one is taken",
      {},
      Buffer.concat([frame(Buffer.alloc(1), 0), frame(Buffer.alloc(1), 0)]),
      status.UNIMPLEMENTED,
    ],
  ];
  it.each(refused)("are refused when they are %s", async (_what, given, bytes, code) => {
    const call = openCall(given);
    call.stream.write(bytes);
    expect(await call.end).toMatchObject({ code });
    call.release();
    expect(call.room.held()).toBe(0);
  });

  it.each([
    ["no message", Buffer.alloc(0), status.UNIMPLEMENTED],
    ["a part of a prefix", Buffer.alloc(3), status.INVALID_ARGUMENT],
    ["a part of a message", frame(Buffer.alloc(3), 0, 4), status.INVALID_ARGUMENT],
  ])("are refused when the client ends with %s", async (_what, bytes, code) => {
    const call = openCall({});
    call.stream.end(bytes);
    expect(await call.end).toMatchObject({ code });
    expect(call.room.held()).toBe(0);
  });

  it("are refused one by one where one comes, and wait where many come, when there is no room", async () => {
    const room = createRoom({ most: 100_000, what: "bytes" });
    const other = room.place({ connection: "b", tenant: undefined });
    other.take(80_000);
    const body = frame(Buffer.alloc(50_000, 7), 0);
    const single = openCall({ room });
    single.stream.end(body);
    expect(await single.end).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    const many = openCall({ room, isUpload: true });
    many.stream.end(body);
    await turn();
    expect(many.received).toEqual([]);
    other.release();
    expect(await many.end).toBe("half close");
    expect(many.received).toHaveLength(1);
  });

  it("of a stream are read one at a time, each when the one before it is claimed", async () => {
    const room = createRoom({ most: mebibyte, what: "bytes" });
    const stream = new PassThrough();
    stream.pause();
    const received: object[] = [];
    const incoming = readIncoming({
      stream,
      encoding: "identity",
      takesMany: true,
      isUpload: true,
      mostBytes: mebibyte,
      arrivalMs: 60_000,
      place: () => room.place({ connection: "a", tenant: undefined }),
      deserialize: (bytes) => bytes,
      receive: (message) => {
        received.push(message as object);
        incoming.ask();
      },
      halfClose: () => {},
      refuse: () => {},
    });
    incoming.ask();
    stream.write(Buffer.concat([frame(Buffer.alloc(10), 0), frame(Buffer.alloc(10), 0)]));
    await turn();
    expect(received).toHaveLength(1);
    claimMessage(received[0] as object);
    expect(received).toHaveLength(2);
    incoming.stop();
  });
});
