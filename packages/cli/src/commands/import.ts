import { stat } from "node:fs/promises";
import type { SpanStore, SpanStoreError } from "@spanstore/core";
import { counted, formatCount, formatSize } from "@spanstore/core/text";
import { type CommandCall, type CommandFlags, defineCommand, onOff } from "../calling/command.js";
import { createProgress, progressFlag } from "../calling/progress.js";
import { storeFlags, withStore } from "../calling/store.js";
import { standard } from "../transfer/files.js";
import { importFile } from "../transfer/import-file.js";
import { createSpanWriter } from "../transfer/write-spans.js";

/** What is wrong is told so often, and then counted. */
const mostComplaints = 20;

const flags = {
  continue: {
    placeholder: "",
    help: "Pass over what cannot be read or stored, and count it; else the first such thing ends the import.",
    schema: onOff,
  },
  "dry-run": {
    placeholder: "",
    help: "Only read the files, and say what is in them.",
    schema: onOff,
  },
  ...progressFlag,
  ...storeFlags,
} as const satisfies CommandFlags;

export const importTraces = defineCommand({
  name: "import",
  text: [
    "Writes the traces of files into the store: OTLP's JSON, as the OpenTelemetry collector's file exporter and this program's export write it, or the JSON of Jaeger's /api/traces and of its UI's downloads, which is detected. - is standard input; what gzip packed is unpacked.",
    "What is in the store already is not kept twice, so an import that did not come to its end is just repeated.",
  ],
  arguments: [{ name: "FILE|-", repeated: true }],
  flags,
  examples: [
    "spanstore import traces.jsonl.gz",
    "curl --silent 'http://localhost:16686/api/traces?service=shop&raw=true' | spanstore import -",
    "spanstore import --server=localhost:17271 --continue rotated/*.json",
  ],
  run: (call) =>
    call.flags["dry-run"]
      ? importFiles(call, undefined)
      : withStore(call, { creates: true }, async (store) => {
          // A store that is not there at all is not waited for.
          await store.health();
          return importFiles(call, store);
        }),
});

async function importFiles(call: CommandCall<typeof flags>, store: SpanStore | undefined): Promise<number> {
  const { signal } = call;
  const size = await sizeOf(call.arguments);
  const startedAt = Date.now();
  let bytes = 0;
  let read = 0;
  let stored = 0;
  let faults = 0;
  let faultySpans = 0;
  let rejectedSpans = 0;
  let complaints = 0;
  let isWaiting = false;
  const progress = createProgress(call.flags.progress === true, () => {
    const share =
      size === undefined || size === 0 ? "" : ` (${Math.min(100, Math.floor((bytes / size) * 100))} %)`;
    return `${counted(read, "span")}, ${formatSize(bytes)}${share}`;
  });
  const complain = (line: string): void => {
    progress.clear();
    complaints++;
    if (complaints <= mostComplaints) call.complain(line);
    else if (complaints === mostComplaints + 1) call.complain("more of that is not shown, but counted");
  };
  const fault = (error: SpanStoreError, spans: number): void => {
    if (!call.flags.continue) throw error;
    faults++;
    faultySpans += spans;
    complain(error.message);
  };
  const writer =
    store &&
    createSpanWriter(store, {
      signal,
      written: (spans) => {
        stored += spans;
        isWaiting = false;
      },
      rejected: (spans) => {
        rejectedSpans += spans.length;
        complain(`a span cannot be stored: ${spans[0]?.reason}`);
      },
      waiting: (reason) => {
        if (!isWaiting) complain(`waiting for the store: ${reason}`);
        isWaiting = true;
      },
    });
  const totals = (): string => {
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    const what =
      store === undefined ? `read ${counted(read, "span")}` : `imported ${counted(stored, "span")}`;
    const lost = [
      ...(faults === 0
        ? []
        : [`${counted(faults, "fault")} passed over, with ${counted(faultySpans, "span")} known of`]),
      ...(rejectedSpans === 0 ? [] : [`${formatCount(rejectedSpans)} that cannot be stored`]),
    ];
    return [`${what}, ${formatSize(bytes)} in ${seconds} s`, ...lost].join("; ");
  };
  try {
    try {
      for (const path of call.arguments) {
        await importFile(path, {
          signal,
          writer,
          progress: (more, spans) => {
            bytes += more;
            read += spans;
            progress.tick();
          },
          fault,
        });
      }
    } finally {
      // What was read before the failure is kept, too.
      await writer?.finish();
    }
  } finally {
    progress.clear();
    call.complain(totals());
  }
  return rejectedSpans > 0 && !call.flags.continue ? 1 : 0;
}

/** Of all files together; undefined when it is not known. */
async function sizeOf(paths: readonly string[]): Promise<number | undefined> {
  let sum = 0;
  for (const path of paths) {
    if (path === standard) return undefined;
    const info = await stat(path);
    if (!info.isFile()) return undefined;
    sum += info.size;
  }
  return sum;
}
