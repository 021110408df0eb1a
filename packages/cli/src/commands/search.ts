import type { TraceSummary } from "@spanstore/core";
import { formatDateTime, formatDuration, plain, table } from "@spanstore/core/text";
import { count } from "@spanstore/grpc-server/program";
import { defineCommand, onOff } from "../calling/command.js";
import { queryFlags, readQuery } from "../calling/query-flags.js";
import { storeFlags, withStore } from "../calling/store.js";

const defaultLimit = 20;

export const search = defineCommand({
  name: "search",
  text: [
    "Lists the newest traces that have a span that matches all flags, newest first. Without flags it lists the newest traces of all.",
  ],
  arguments: [],
  flags: {
    ...queryFlags,
    limit: {
      placeholder: "NUMBER",
      help: `The most traces. Default: ${defaultLimit}.`,
      schema: count(1_000_000).default(defaultLimit),
    },
    json: {
      placeholder: "",
      help: "Print each trace as a line of JSON, for scripts; times are nanoseconds since 1970, as strings.",
      schema: onOff,
    },
    ...storeFlags,
  },
  examples: [
    "spanstore search --service=checkout --tag error=true --since=1h",
    "spanstore search --server=localhost:17271 --min-duration=500ms --limit=5",
    `spanstore search --json --filter='{ status = error && name =~ "GET /cart.*" }'`,
  ],
  run: async (call) => {
    const { flags, output, signal } = call;
    const query = { ...readQuery(flags), limit: flags.limit };
    return withStore(call, {}, async (store) => {
      const found: TraceSummary[] = [];
      for await (const { summaries } of store.findTraceSummaries(query, { signal })) {
        if (flags.json) for (const summary of summaries) await output.line(JSON.stringify(asJson(summary)));
        else found.push(...summaries);
      }
      if (flags.json) return 0;
      for (const line of found.length === 0 ? ["no traces"] : summaryTable(found)) await output.line(line);
      return 0;
    });
  },
});

function summaryTable(summaries: readonly TraceSummary[]): string[] {
  return table(
    [
      { title: "TRACE" },
      { title: "STARTED" },
      { title: "DURATION", right: true },
      { title: "SPANS", right: true },
      { title: "ERRORS", right: true },
      { title: "ROOT" },
    ],
    summaries.map((summary) => [
      summary.traceId,
      formatDateTime(summary.minStartTimeUnixNano),
      formatDuration(summary.maxEndTimeUnixNano - summary.minStartTimeUnixNano),
      String(summary.spanCount),
      summary.errorSpanCount === 0 ? "-" : String(summary.errorSpanCount),
      plain(rootOf(summary)),
    ]),
  );
}

function rootOf({ rootServiceName, rootOperationName }: TraceSummary): string {
  return rootServiceName === "" && rootOperationName === ""
    ? "-"
    : `${rootServiceName}: ${rootOperationName}`;
}

function asJson(summary: TraceSummary): object {
  const { minStartTimeUnixNano, maxEndTimeUnixNano } = summary;
  return {
    ...summary,
    minStartTimeUnixNano: String(minStartTimeUnixNano),
    maxEndTimeUnixNano: String(maxEndTimeUnixNano),
  };
}
