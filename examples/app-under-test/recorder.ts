import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { decodeTraces, type FilterCall, type Span, type SpanStore } from "@spanstore/core";
import { createSpanStoreExporter } from "@spanstore/otel-exporter";
import { openSqliteStore } from "@spanstore/sqlite";

/** Records what the program under test does, into SQLite in memory. */
export interface Recorder {
  /** Everything that was recorded is found in it by now. */
  recorded(): Promise<SpanStore>;
  /** The spans that a filter takes. */
  spans(filter: FilterCall): Promise<Span[]>;
  stop(): Promise<void>;
}

/** Makes this the tracing of the process; before each test, or once for all. */
export async function startRecorder(service: string): Promise<Recorder> {
  const store = await openSqliteStore({ path: ":memory:" });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    // One by one, and so without waiting for a batch.
    spanProcessors: [new SimpleSpanProcessor({ exporter: createSpanStoreExporter(store) })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);

  const recorded = async (): Promise<SpanStore> => {
    await provider.forceFlush();
    return store;
  };
  return {
    recorded,
    async spans(filter) {
      const found: Span[] = [];
      for await (const { encoded } of (await recorded()).findSpans({ filter })) {
        for (const { scopeSpans } of decodeTraces(encoded).resourceSpans) {
          found.push(...scopeSpans.flatMap(({ spans }) => spans));
        }
      }
      return found;
    },
    async stop() {
      trace.disable();
      context.disable();
      await provider.shutdown();
      await store.close();
    },
  };
}
