/** What a worker thread of the store runs: one connection, and the calls that come to it. */
import { parentPort, workerData } from "node:worker_threads";
import { type CallOptions, SpanStoreError } from "@spanstore/core";
import {
  countBefore,
  createReclaimer,
  createStoreReads,
  errorToData,
  type StoreReads,
} from "@spanstore/core/engine";
import type { Database as Connection } from "better-sqlite3";
import {
  maxAheadBytes,
  maxBatchBytes,
  type Request,
  type Response,
  type ThreadOptions,
} from "./connection/thread-protocol.js";
import { createEngineReader, createEngineWriter } from "./engine.js";
import { openForReading, openForWriting } from "./schema/schema.js";

if (parentPort === null) throw new Error("this file is run as a worker thread");
const port = parentPort;

function send(response: Response, transfer: ArrayBuffer[] = []): void {
  port.postMessage(response, transfer);
}

type Call = (...args: never[]) => Promise<unknown>;
type Stream = (...args: never[]) => AsyncIterable<unknown>;

function serve(db: Connection, role: ThreadOptions["role"]): void {
  const reads = role === "writer" ? undefined : createReads(db);
  const writer = role === "reader" ? undefined : createEngineWriter(db);
  const methods = new Map<string, Call | Stream>(Object.entries({ ...reads, ...writer }));
  const open = new Map<number, { readonly abort: AbortController; taken: (bytes: number) => void }>();

  const methodOf = (name: string): Call | Stream => {
    const method = methods.get(name);
    if (method === undefined) throw new SpanStoreError("INTERNAL", `a ${role} thread has no ${name}`);
    return method;
  };

  const call = async (id: number, name: string, args: readonly unknown[]): Promise<void> => {
    const abort = new AbortController();
    open.set(id, { abort, taken: () => {} });
    try {
      const value = await (methodOf(name) as Call)(...(args as never[]), { signal: abort.signal } as never);
      send({ kind: "value", id, value });
    } catch (error) {
      send({ kind: "error", id, error: errorToData(error) });
    } finally {
      open.delete(id);
    }
  };

  const stream = async (
    id: number,
    name: string,
    args: readonly unknown[],
    options: object,
  ): Promise<void> => {
    const abort = new AbortController();
    let ahead = 0;
    let wake: (() => void) | undefined;
    open.set(id, {
      abort,
      taken: (bytes) => {
        ahead -= bytes;
        wake?.();
      },
    });
    abort.signal.addEventListener("abort", () => wake?.());
    const batch = createBatch(id, (bytes) => {
      ahead += bytes;
    });
    try {
      const items = (methodOf(name) as Stream)(...(args as never[]), {
        ...options,
        signal: abort.signal,
      } as never);
      for await (const item of items) {
        batch.add(item);
        while (ahead > maxAheadBytes && !abort.signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (abort.signal.aborted) break;
      }
      batch.flush(true);
    } catch (error) {
      batch.flush(false);
      send({ kind: "error", id, error: errorToData(error) });
    } finally {
      open.delete(id);
    }
  };

  port.on("message", (request: Request) => {
    switch (request.kind) {
      case "call":
        void call(request.id, request.method, request.args);
        return;
      case "stream":
        void stream(request.id, request.method, request.args, request.options);
        return;
      case "taken":
        open.get(request.id)?.taken(request.bytes);
        return;
      case "cancel":
        open.get(request.id)?.abort.abort();
        return;
      case "close":
        if (role !== "reader") db.pragma("wal_checkpoint(TRUNCATE)");
        db.close();
        send({ kind: "closed" });
        port.close();
    }
  });
}

/** What a store reads, and how many spans are older than a time. */
function createReads(db: Connection): StoreReads & { readonly countBefore: Call } {
  const reader = createEngineReader(db);
  const count = (time: bigint, options: CallOptions) => countBefore(reader, time, options.signal);
  return { ...createStoreReads(reader), countBefore: count };
}

/** Gathers a stream's items, so that small ones share a message; what a turn gathered leaves with it. */
function createBatch(
  id: number,
  sent: (bytes: number) => void,
): { add: (item: unknown) => void; flush: (last: boolean) => void } {
  let items: unknown[] = [];
  let transfer: ArrayBuffer[] = [];
  let bytes = 0;
  let scheduled = false;
  const reclaim = createReclaimer("major");
  const flush = (last: boolean): void => {
    if (items.length === 0 && !last) return;
    send({ kind: "items", id, items, bytes, last }, transfer);
    sent(bytes);
    reclaim(bytes);
    items = [];
    transfer = [];
    bytes = 0;
  };
  const add = (item: unknown): void => {
    const own = ownBytes(item, transfer);
    items.push(own.item);
    bytes += own.bytes;
    if (bytes >= maxBatchBytes) {
      flush(false);
    } else if (!scheduled) {
      scheduled = true;
      setImmediate(() => {
        scheduled = false;
        flush(false);
      });
    }
  };
  return { add, flush };
}

/**
 * Encoded spans are handed over, not copied, where they own their buffer; a view would be sent with the whole
 * buffer behind it, so it is copied out first.
 */
function ownBytes(item: unknown, transfer: ArrayBuffer[]): { item: unknown; bytes: number } {
  if (typeof item === "object" && item !== null && "encoded" in item && item.encoded instanceof Uint8Array) {
    const isOwn = item.encoded.length === item.encoded.buffer.byteLength;
    const encoded = isOwn ? item.encoded : new Uint8Array(item.encoded);
    transfer.push(encoded.buffer as ArrayBuffer);
    return { item: { ...item, encoded }, bytes: encoded.length };
  }
  return { item, bytes: 256 };
}

try {
  const options = workerData as ThreadOptions;
  const db = options.role === "reader" ? openForReading(options.path) : openForWriting(options);
  serve(db, options.role);
  send({ kind: "ready" });
} catch (error) {
  send({ kind: "failed", error: errorToData(error) });
  port.close();
}
