import type { SpanStore } from "@spanstore/core";
import { messageOf } from "@spanstore/core/engine";
import { z } from "zod";
import { type CommandCall, type CommandFlags, defineCommand, onOff } from "../calling/command.js";
import { errorText } from "../calling/error-text.js";
import { checkHealth } from "../calling/opening.js";
import { createProgress, progressFlag } from "../calling/progress.js";
import { storeFlags, withStoreWhenNeeded } from "../calling/store.js";
import { sizeOfFile } from "../import/bytes/read-file.js";
import { skipDuplicates } from "../import/duplicates/skip-duplicates.js";
import { importFile } from "../import/import-file.js";
import { createImportReport } from "../import/report.js";
import { createSpanWriter, type SpanWriter } from "../transfer/write-spans.js";

const flags = {
  continue: {
    placeholder: "",
    help: "Skip and count parts that cannot be read or stored. Default: the first one ends the import.",
    schema: onOff,
  },
  duplicates: {
    placeholder: "skip|keep",
    help: "skip: a span is skipped and counted when the store has one with the same trace id, span id, start, name and service. keep: it is written, and kept unless all of its bytes are the same. Default: skip.",
    schema: z.enum(["skip", "keep"], { error: "must be skip or keep" }).default("skip"),
  },
  "dry-run": {
    placeholder: "",
    help: "Only read the files, and report their contents.",
    schema: onOff,
  },
  ...progressFlag,
  ...storeFlags,
} as const satisfies CommandFlags;

export const importTraces = defineCommand({
  name: "import",
  text: [
    "Writes the traces of files into the store. It recognizes the format by the first bytes, not by the name: OTLP's JSON, as the OpenTelemetry collector's file exporter and this program's export write it, or OTLP's protobuf; the JSON of Jaeger's /api/traces and /api/v3, of its UI's downloads and its Elasticsearch documents; Tempo's answers; Zipkin's v2. Files may be packed by gzip or zstd; JSON may be UTF-8 or UTF-16. The file - is standard input.",
    "It skips spans that the store has already, so an interrupted import can be repeated.",
  ],
  arguments: [{ name: "FILE|-", repeated: true }],
  flags,
  examples: [
    "spanstore import traces.jsonl.gz",
    "curl --silent 'http://localhost:16686/api/traces?service=shop&raw=true' |\n    spanstore import -",
    "spanstore import --server=localhost:17271 --continue rotated/*.json",
  ],
  exitCodes: { 0: "all spans of the files are in the store", 1: "something could not be read or stored" },
  run: async (call) => {
    const size = await sizeOfFiles(call);
    if (call.flags["dry-run"]) return importFiles(call, size, undefined);
    return withStoreWhenNeeded(call, { creates: true }, (open) => importFiles(call, size, open));
  },
});

async function importFiles(
  call: CommandCall<typeof flags>,
  size: number | undefined,
  open: (() => Promise<SpanStore>) | undefined,
): Promise<number> {
  const { signal } = call;
  const progress = createProgress(call.errors, call.flags.progress === true, () => report.progress(size));
  const report = createImportReport(open === undefined, (line) => {
    progress.clear();
    call.complain(line);
  });
  let writer: SpanWriter | undefined;
  const take = async (encoded: Uint8Array, spans: number): Promise<void> => {
    if (open === undefined) return;
    writer ??= await writerTo(open);
    await writer.add(encoded, spans);
  };
  const writerTo = async (opening: () => Promise<SpanStore>): Promise<SpanWriter> => {
    const store = await opening();
    // A store that does not answer at the start fails the import at once.
    await checkHealth(store);
    const plain = createSpanWriter(store, {
      signal,
      written: report.stored,
      rejected: (spans) => report.rejected(spans.length, spans[0]?.reason ?? ""),
      waiting: report.waiting,
    });
    if (call.flags.duplicates === "keep") return plain;
    return skipDuplicates(store, plain, {
      signal,
      skipped: report.skipped,
      waiting: (error) => report.waiting(messageOf(error)),
    });
  };
  try {
    try {
      for (const path of call.arguments) {
        await importFile(path, {
          signal,
          input: call.input,
          take,
          progress: (bytes, spans) => {
            report.read(bytes, spans);
            progress.tick();
          },
          fault: (error, spans) => {
            if (!call.flags.continue) throw error;
            report.fault(errorText(error), spans);
          },
          note: report.note,
        });
      }
    } finally {
      // Spans read before the failure are kept, too.
      await writer?.finish();
    }
  } finally {
    progress.clear();
    call.complain(report.totals());
  }
  return report.isIncomplete ? 1 : 0;
}

/** The total size of the files; undefined when unknown. A missing file fails the import before the first write. */
async function sizeOfFiles(call: CommandCall<typeof flags>): Promise<number | undefined> {
  let sum: number | undefined = 0;
  for (const path of call.arguments) {
    try {
      const size = await sizeOfFile(path);
      sum = sum === undefined || size === undefined ? undefined : sum + size;
    } catch (error) {
      if (!call.flags.continue) throw error;
    }
  }
  return sum;
}
