import {
  callsOfTrace,
  createCallCounter,
  type Dependency,
  type DependencyQuery,
  encodeTraces,
  throwIfAborted,
} from "@spanstore/core";
import type { Catalog } from "./catalog.js";
import { type Client, integer } from "./client.js";
import { unescaped } from "./literals.js";
import type { Naming } from "./naming.js";
import type { Tuning } from "./tuning.js";

/** What tells who called whom of one span. */
interface Caller {
  readonly id: bigint;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly service: string;
  readonly startTimeUnixNano: bigint;
}

/** Counts calls between services by the columns of spans, without their bytes. */
export function createDependencies(
  client: Client,
  naming: Naming,
  catalog: Catalog,
  { rowsPerPage }: Tuning,
): (query: DependencyQuery, signal?: AbortSignal) => Promise<Dependency[]> {
  return async ({ startTimeUnixNano, endTimeUnixNano }, signal) => {
    const traces = new Map<string, Caller[]>();
    for (const window of await catalog.list(signal)) {
      for (let after = 0n; ; ) {
        const rows = await client.query(
          `SELECT id, trace_id, span_id, parent_span_id, service_name, start_time, start_time_nanos ` +
            `FROM ${naming.spanTable(window)} WHERE id > ${after} ORDER BY id ASC ` +
            `LIMIT ${rowsPerPage} OPTION max_matches=${rowsPerPage}`,
          { signal, doing: "cannot count calls" },
        );
        throwIfAborted(signal);
        for (const row of rows) {
          const traceId = (row[1] as Buffer).toString("latin1");
          const caller: Caller = {
            id: integer(row, 0),
            spanId: (row[2] as Buffer).toString("latin1"),
            parentSpanId: (row[3] as Buffer).toString("latin1"),
            service: unescaped(row[4] as Buffer).toString("utf8"),
            startTimeUnixNano: integer(row, 5) * 1000n + integer(row, 6),
          };
          const own = traces.get(traceId);
          if (own === undefined) traces.set(traceId, [caller]);
          else own.push(caller);
        }
        const last = rows[rows.length - 1];
        if (rows.length < rowsPerPage || last === undefined) break;
        after = integer(last, 0);
      }
    }
    const counter = createCallCounter();
    for (const [traceId, callers] of traces) {
      for (const call of callsOfTrace([skeleton(traceId, callers)])) {
        if (call.startTimeUnixNano < startTimeUnixNano || call.startTimeUnixNano > endTimeUnixNano) continue;
        counter.add(call.parent, call.child);
      }
    }
    return counter.dependencies();
  };
}

/** A trace of spans that say only who called whom. The row's id keeps spans apart that differ in nothing of that. */
function skeleton(traceId: string, callers: readonly Caller[]): Uint8Array {
  return encodeTraces({
    resourceSpans: callers.map(({ id, spanId, parentSpanId, service, startTimeUnixNano }) => ({
      resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
      scopeSpans: [
        {
          spans: [
            { traceId, spanId, parentSpanId, name: String(id), startTimeUnixNano, endTimeUnixNano: 0n },
          ],
        },
      ],
    })),
  });
}
