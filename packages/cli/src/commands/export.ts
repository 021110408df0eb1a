import type { SpanStore } from "@spanstore/core";
import { counted, formatSize } from "@spanstore/core/text";
import { count } from "@spanstore/grpc-server/program";
import { z } from "zod";
import { type CommandCall, type CommandFlags, defineCommand, onOff } from "../calling/command.js";
import type { Output } from "../calling/output.js";
import { createProgress, progressFlag } from "../calling/progress.js";
import { queryFlags, readQuery } from "../calling/query-flags.js";
import { storeFlags, withStore } from "../calling/store.js";
import { createOutputFile, type OutputFile } from "../export/output-file.js";
import { createFormatter, formats } from "../export/trace-formats.js";
import { walkTraces } from "../export/walk-traces.js";
import { standard } from "../import/bytes/read-file.js";

/** The characters of text written at once. */
const partLength = 64 * 1024;

const flags = {
  format: {
    placeholder: formats.join("|"),
    help: "otlp: a line of OTLP's JSON for each chunk of a trace, the format of the OpenTelemetry collector's file exporter. jaeger: one document in the format of Jaeger's /api/traces, which its UI opens; times to the microsecond. Default: otlp.",
    schema: z.enum(formats, { error: `must be ${formats.join(" or ")}` }).default("otlp"),
  },
  ...queryFlags,
  limit: {
    placeholder: "NUMBER",
    help: "Only this many traces, the newest. Default: all.",
    schema: count(Number.MAX_SAFE_INTEGER).optional(),
  },
  force: {
    placeholder: "",
    help: "Replace FILE when it exists.",
    schema: onOff,
  },
  ...progressFlag,
  ...storeFlags,
} as const satisfies CommandFlags;

export const exportTraces = defineCommand({
  name: "export",
  text: [
    "Writes traces to a file or to standard output: all traces, or those that match and have a span within the range of time. It writes each trace once and whole, newest first, and leaves out traces that arrive meanwhile.",
    "A file whose name ends in .gz is packed. Until it is complete the file is called FILE.part. An existing file is replaced with --force only.",
  ],
  arguments: [{ name: "FILE|-", optional: true }],
  flags,
  examples: [
    "spanstore export traces.jsonl.gz",
    "spanstore export --format=jaeger --service=checkout --since=1h checkout.json",
    "spanstore export --server=localhost:17271 --from=2026-11-20 | wc --lines",
  ],
  run: async (call) => {
    const [path = standard] = call.arguments;
    return withStore(call, {}, async (store) => {
      if (path === standard) return exportTo(call, store, call.output);
      const file = await createOutputFile(path, call.flags.force === true);
      return exportTo(call, store, file, file);
    });
  },
});

async function exportTo(
  call: CommandCall<typeof flags>,
  store: SpanStore,
  target: Pick<Output, "write">,
  file?: OutputFile,
): Promise<number> {
  const { signal } = call;
  const formatter = createFormatter(call.flags.format);
  const startedAt = Date.now();
  let traces = 0;
  let spans = 0;
  let written = 0;
  let lastTraceId = "";
  const progress = createProgress(
    call.errors,
    call.flags.progress === true,
    () => `${counted(traces, "trace")}, ${counted(spans, "span")}`,
  );
  let parts = "";
  const flush = async (): Promise<void> => {
    const text = parts;
    parts = "";
    written += Buffer.byteLength(text);
    await target.write(text);
  };
  try {
    const query = readQuery(call.flags);
    for await (const chunk of walkTraces(store, query, { signal, limit: call.flags.limit })) {
      const made = formatter.chunk(chunk);
      if (chunk.traceId !== lastTraceId) traces++;
      lastTraceId = chunk.traceId;
      spans += made.spans;
      parts += made.text;
      if (parts.length >= partLength) await flush();
      progress.tick();
    }
    parts += formatter.end();
    await flush();
    await file?.finish();
  } catch (error) {
    await file?.discard();
    throw error;
  } finally {
    progress.clear();
  }
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  call.complain(
    `exported ${counted(traces, "trace")}, ${counted(spans, "span")}, ${formatSize(written)} in ${seconds} s`,
  );
  return 0;
}
