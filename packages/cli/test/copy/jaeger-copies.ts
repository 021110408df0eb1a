import type { SpanStore } from "@spanstore/core";
import { tracesFromJson } from "@spanstore/core/otlp";
import { openJaegerIndices } from "@spanstore/elasticsearch";
import { until } from "../../../../scripts/test-support/processes.js";
import {
  minutesAgo,
  thriftId,
  thriftSpan,
  zipkinSpans,
} from "../../../grpc-server/test/jaeger/jaeger2/inputs.js";
import { sendOtlpGrpc, sendThrift, sendZipkin } from "../../../grpc-server/test/jaeger/jaeger2/senders.js";
import { copySpans } from "../../src/copy/copy-spans.js";
import { jaegerSource } from "../../src/copy/places/jaeger-source.js";
import { allTimes } from "../../src/copy/places/source.js";
import { storeSource } from "../../src/copy/places/store-source.js";
import { totalsOf } from "../../src/copy/report.js";
import { stateInMemory } from "../../src/copy/state-file.js";
import { everyKind, everyKindIds } from "./every-kind.js";
import type { Jaeger } from "./jaeger-programs.js";

const zipkinId = "00000000000000000000c3c3c3c3c3c3";
export const traceIds = [...everyKindIds, zipkinId, thriftId];
/** How many spans {@link fill} sends. */
export const spansSent = 9;

/** Sends spans of every kind, and waits until Jaeger finds them. */
export async function fill(jaeger: Jaeger): Promise<readonly unknown[]> {
  await sendOtlpGrpc(jaeger.otlp, everyKind);
  await sendZipkin(jaeger.zipkin, zipkinSpans("0000c3c3c3c3c3c3", minutesAgo(2)));
  await sendThrift(jaeger.thrift, "billing", [thriftSpan(minutesAgo(1))]);
  return until(
    async () => {
      const traces = await Promise.all(traceIds.map((id) => traceOf(jaeger.query, id)));
      const spans = traces.flatMap((trace) => (trace as unknown[] | undefined) ?? []);
      return spans.length === spansSent ? traces : undefined;
    },
    { what: "what was sent", timeoutMs: 60_000, output: jaeger.program.output },
  );
}

/** The spans of a trace as Jaeger's query service gives them, in an order of their own. */
export async function traceOf(query: number, traceId: string): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${query}/api/v3/traces/${traceId}`);
  if (!answer.ok) return undefined;
  const { resourceSpans } = tracesFromJson(((await answer.json()) as { result: unknown }).result);
  const byKey = <T extends { readonly key: string }>(list: readonly T[] = []) =>
    [...list].sort((a, b) => (a.key < b.key ? -1 : 1));
  return resourceSpans
    .flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ scope, spans }) =>
        spans.map((span) => ({
          resource: byKey(resource?.attributes),
          scope,
          ...span,
          attributes: byKey(span.attributes),
        })),
      ),
    )
    .sort((a, b) => (a.spanId < b.spanId ? -1 : 1));
}

/** Copies Jaeger's indices, in small pages and windows. */
export async function copyJaegerIndices(
  url: string,
  options: object,
  target: SpanStore,
  dotReplacement = "@",
) {
  const indices = openJaegerIndices({ url, pageSize: 4, ...options });
  const unusable: string[] = [];
  const state = stateInMemory({ began: "", range: allTimes });
  await copySpans({
    source: jaegerSource(indices, dotReplacement),
    target: { store: target, source: storeSource(target), isPatient: false },
    state,
    windowSize: 3,
    writes: true,
    verifies: true,
    retry: { millis: 0, signal: new AbortController().signal, failed: () => {} },
    on: {
      read: () => {},
      written: () => {},
      windowDone: () => {},
      unusable: ({ reason }) => unusable.push(reason),
      unplaced: ({ reason }) => unusable.push(reason),
    },
  });
  await indices.close();
  return { ...totalsOf(state.windows), unusable };
}
