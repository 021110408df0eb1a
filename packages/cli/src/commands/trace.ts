import { decodeTraces, type TracesData } from "@spanstore/core";
import { parseTraceId, tracesToJson } from "@spanstore/core/otlp";
import { waterfall } from "@spanstore/core/text";
import { UsageError } from "@spanstore/grpc-server/program";
import { defineCommand, onOff } from "../calling/command.js";
import { storeFlags, withStore } from "../calling/store.js";

export const trace = defineCommand({
  name: "trace",
  text: [
    "Shows traces as text: one line for each span, children under their parent, with a bar for the span's time (of x when the span failed).",
  ],
  arguments: [{ name: "ID", repeated: true }],
  flags: {
    json: {
      placeholder: "",
      help: "Print lines of OTLP's JSON, as export writes them.",
      schema: onOff,
    },
    ...storeFlags,
  },
  examples: [
    "spanstore trace 5b8aa5a2d2c872e8321cf37308d69df2",
    "spanstore trace --json --server=spans:17271 5b8aa5a2d2c872e8321cf37308d69df2",
  ],
  run: async (call) => {
    const { flags, output, signal } = call;
    const ids = call.arguments.map(canonicalId);
    const wrong = call.arguments.filter((_, i) => ids[i] === undefined);
    if (wrong.length > 0) {
      throw new UsageError(
        wrong.map(
          (text) => `ID must be 1 to 32 hex digits that are not all zeros, not ${JSON.stringify(text)}`,
        ),
      );
    }
    return withStore(call, {}, async (store) => {
      let missing = 0;
      for (const id of new Set(ids as string[])) {
        const chunks: TracesData[] = [];
        let found = false;
        for await (const { encoded } of store.getTraces([id], { signal })) {
          const traces = decodeTraces(encoded);
          if (flags.json) await output.line(JSON.stringify(tracesToJson(traces)));
          else chunks.push(traces);
          found = true;
        }
        if (!found) {
          call.complain(`there is no trace ${id}`);
          missing++;
        } else if (!flags.json) {
          for (const line of waterfall(chunks)) await output.line(line);
        }
      }
      return missing === 0 ? 0 : 1;
    });
  },
});

/** Pads an id to 32 digits, since Jaeger leaves out leading zeros. */
function canonicalId(text: string): string | undefined {
  return /^[0-9a-fA-F]{1,32}$/.test(text) && !/^0*$/.test(text)
    ? parseTraceId(text.padStart(32, "0"))
    : undefined;
}
