import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
import {
  and,
  isSpanStoreError,
  type KeyValue,
  resource,
  type Span,
  SpanKind,
  type SpanStore,
  StatusCode,
  span,
  type TraceQuery,
} from "@spanstore/core";
import { createSpanBuffer } from "./span-buffer.js";

export interface OrderService {
  /** `http://HOST:PORT`. */
  readonly url: string;
  /** Ends all connections, and returns when the spans are stored, as far as the store takes them. */
  close(): Promise<void>;
}

export interface OrderServiceOptions {
  /** The store for its spans; it stays the caller's. */
  readonly store: SpanStore;
  readonly port: number;
  readonly onError: (error: unknown) => void;
}

const serviceName = "orders";
const known = new Map([
  ["1", { book: "The Go Programming Language", copies: 1 }],
  ["2", { book: "Operating Systems: Three Easy Pieces", copies: 2 }],
]);

/**
 * A service that keeps the spans of its own requests, and shows them:
 *
 * - `GET /orders/ID`: an order, or 404.
 * - `GET /debug/errors`: the newest traces with a request that failed.
 * - `GET /debug/slow?than=20ms`: the newest traces with a span that took longer.
 */
export async function startOrderService({
  store,
  port,
  onError,
}: OrderServiceOptions): Promise<OrderService> {
  const buffer = createSpanBuffer(store, serviceName, onError);

  const errors = () => summaries({ service: serviceName, attributes: { error: true } });
  const slow = (than: string) =>
    summaries({ filter: and(resource.service.eq(serviceName), span.duration.gt(than)) });

  async function summaries(query: TraceQuery): Promise<object[]> {
    // An order of a moment ago must be found, too.
    await buffer.flush();
    const found: object[] = [];
    for await (const chunk of store.findTraceSummaries({ ...query, limit: 20 })) {
      for (const { traceId, rootOperationName, spanCount, errorSpanCount } of chunk.summaries) {
        found.push({ traceId, rootOperationName, spanCount, errorSpanCount });
      }
    }
    return found;
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const answer = async (): Promise<[status: number, body: unknown]> => {
      if (pathname === "/debug/errors") return [200, await errors()];
      if (pathname === "/debug/slow") return [200, await slow(searchParams.get("than") ?? "20ms")];
      const [, id] = /^\/orders\/([^/]+)$/.exec(pathname) ?? [];
      if (id === undefined) return [404, { error: "no such page" }];
      return order(id);
    };
    answer().then(
      ([status, body]) => send(response, status, body),
      (error: unknown) => {
        onError(error);
        const status = isSpanStoreError(error) && error.code === "INVALID_QUERY" ? 400 : 503;
        send(response, status, { error: error instanceof Error ? error.message : String(error) });
      },
    );
  });

  /** Looks an order up, and notes both how long that took and how long the request did. */
  async function order(id: string): Promise<[status: number, body: unknown]> {
    const traceId = randomBytes(16).toString("hex");
    const root = start(traceId, "", "GET /orders/:id", SpanKind.server);
    const lookup = start(traceId, root.spanId, "SELECT orders", SpanKind.client);
    await new Promise((resolve) => setImmediate(resolve));
    const found = known.get(id);
    buffer.add(lookup.end([{ key: "order.id", value: { stringValue: id } }]));
    const status = found === undefined ? 404 : 200;
    buffer.add(
      root.end(
        [{ key: "http.response.status_code", value: { intValue: BigInt(status) } }],
        found === undefined ? `no order ${id}` : undefined,
      ),
    );
    return [status, found ?? { error: `no order ${id}` }];
  }

  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await once(server.close(), "close");
      await buffer.flush();
    },
  };
}

function start(traceId: string, parentSpanId: string, name: string, kind: number) {
  const spanId = randomBytes(8).toString("hex");
  const startTimeUnixNano = nowUnixNano();
  return {
    spanId,
    end: (attributes: readonly KeyValue[], error?: string): Span => ({
      traceId,
      spanId,
      parentSpanId,
      name,
      kind,
      startTimeUnixNano,
      endTimeUnixNano: nowUnixNano(),
      attributes,
      ...(error === undefined ? {} : { status: { code: StatusCode.error, message: error } }),
    }),
  };
}

/** The time of a clock that never goes back, in microseconds. */
function nowUnixNano(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}
