/** The entry of a worker thread. It answers calls for all of the store's spaces. */
import { parentPort, workerData } from "node:worker_threads";
import { type CallOptions, type MetricsQuery, SpanStoreError } from "@spanstore/core";
import {
  countBefore,
  createReadBudget,
  createReclaimer,
  createStoreReads,
  errorToData,
  type StoreReads,
} from "@spanstore/core/engine";
import { createConnections, memoryLimits, readerLimits, writerLimits } from "./connection/connections.js";
import { moveLog } from "./connection/log.js";
import {
  maxAheadBytes,
  maxBatchBytes,
  memoryPrefix,
  type Request,
  type Response,
  type ThreadOptions,
} from "./connection/thread-protocol.js";
import { createEngineReader, createEngineWriter } from "./engine.js";
import { packMetrics } from "./read/packed-metrics.js";
import { openForReading, openForWriting } from "./schema/schema.js";
import { createSpace, createThreadCaches, type Space } from "./schema/space.js";

if (parentPort === null) throw new Error("this file is run as a worker thread");
const port = parentPort;

function send(response: Response, transfer: ArrayBuffer[] = []): void {
  port.postMessage(response, transfer);
}

type Call = (...args: never[]) => Promise<unknown>;
type Stream = (...args: never[]) => AsyncIterable<unknown>;

type Asked = Extract<Request, { readonly kind: "call" | "stream" }>;

type Methods = ReadonlyMap<string, Call | Stream>;

/**
 * A thread with this many reads collects its dead buffers early, of which V8 lets some sixty megabytes gather. A single
 * read would only get slower, by up to half.
 */
const readsThatCollect = 2;

const limits = { writer: writerLimits, reader: readerLimits, both: memoryLimits };

function serve({ role, synchronous }: ThreadOptions): void {
  const connections = createConnections(
    (space) =>
      role === "reader"
        ? openForReading(space)
        : openForWriting({
            path: space.startsWith(memoryPrefix) ? memoryPrefix : space,
            synchronous,
          }),
    limits[role],
  );
  const reclaim = createReclaimer("minor");
  const caches = createThreadCaches((bytes) => {
    if (open.size >= readsThatCollect) reclaim(bytes);
  });
  const spaces = new Map<string, Methods>();
  const open = new Map<number, { readonly abort: AbortController; taken: (bytes: number) => void }>();

  const methodsOf = (space: string): Methods => {
    let methods = spaces.get(space);
    if (methods === undefined) {
      const own = createSpace(space, connections, caches);
      const reads = role === "writer" ? undefined : createReads(own);
      const writer =
        role === "reader"
          ? undefined
          : createEngineWriter(own, space.startsWith(memoryPrefix) ? undefined : space);
      methods = new Map(Object.entries({ ...reads, ...writer }));
      spaces.set(space, methods);
    }
    return methods;
  };
  const methodOf = (space: string, name: string): Call | Stream => {
    const method = methodsOf(space).get(name);
    if (method === undefined) throw new SpanStoreError("INTERNAL", `a ${role} thread has no ${name}`);
    return method;
  };
  const last = role === "writer" ? moveLog : undefined;

  const call = async ({ id, space, method: name, args, options }: Asked): Promise<void> => {
    const abort = new AbortController();
    open.set(id, { abort, taken: () => {} });
    try {
      const method = methodOf(space, name) as Call;
      const value = await method(...(args as never[]), { ...options, signal: abort.signal } as never);
      send({ kind: "value", id, value });
    } catch (error) {
      send({ kind: "error", id, error: errorToData(error) });
    } finally {
      open.delete(id);
    }
  };

  const stream = async ({ id, space, method: name, args, options }: Asked): Promise<void> => {
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
      const items = (methodOf(space, name) as Stream)(...(args as never[]), {
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
        void call(request);
        return;
      case "stream":
        void stream(request);
        return;
      case "taken":
        open.get(request.id)?.taken(request.bytes);
        return;
      case "cancel":
        open.get(request.id)?.abort.abort();
        return;
      case "forget":
        spaces.delete(request.space);
        connections.close(request.space, last);
        send({ kind: "value", id: request.id, value: undefined });
        return;
      case "close":
        connections.closeAll(last);
        send({ kind: "closed" });
        port.close();
    }
  });
}

/** The budget of each reader thread. The consumer's thread counts the bytes on their way to it. */
const budget = createReadBudget({ bytes: 16 * 1024 * 1024 });

/** The reads of a store, and the count of spans older than a time. */
function createReads(
  space: Space,
): Omit<StoreReads, "getMetrics"> & Readonly<Record<"countBefore" | "getMetrics", Call>> {
  const reader = createEngineReader(space);
  const count = (time: bigint, options: CallOptions) => countBefore(reader, time, options.signal);
  const reads = createStoreReads(reader, budget);
  const getMetrics = async (query: MetricsQuery, options: CallOptions) =>
    packMetrics(await reads.getMetrics(query, options));
  return { ...reads, getMetrics, countBefore: count };
}

/** Gathers small items of a stream into one message, sent when it is full or at the end of a turn of the event loop. */
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
    items.push(item);
    bytes += bytesOf(item, transfer);
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

/** The size of an item. Encoded spans are transferred, not copied, since each has its own buffer. */
function bytesOf(item: unknown, transfer: ArrayBuffer[]): number {
  if (typeof item === "object" && item !== null && "encoded" in item && item.encoded instanceof Uint8Array) {
    transfer.push(item.encoded.buffer as ArrayBuffer);
    return item.encoded.length;
  }
  return 256;
}

serve(workerData as ThreadOptions);
send({ kind: "ready" });
