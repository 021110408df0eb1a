import { waterfall } from "@spanstore/core/text";
import type { DemoClient, Query, Summary, Timestamp } from "./client.js";
import { shopRequests } from "./shop.js";
import { traceOf } from "./step.js";
import { table } from "./table.js";
import { formatDuration, formatTime } from "./units.js";

const secondsBetweenRequests = 7;

/** Sends the shop's traces, searches for them, and prints what is found. */
export async function runDemo(client: DemoClient, print: (line: string) => void): Promise<void> {
  await client.ready();

  const now = BigInt(Date.now()) * 1_000_000n;
  const requests = shopRequests();
  for (const [i, request] of requests.entries()) {
    const age = (requests.length - i) * secondsBetweenRequests;
    await client.send(traceOf(request, now - BigInt(age) * 1_000_000_000n));
  }
  print(`Sent ${requests.length} traces.`);

  print("\nSERVICES");
  print(`  ${(await client.services()).join("  ")}`);

  const recent: Query = { startTimeMin: secondsAgo(3600), startTimeMax: secondsAgo(-60), searchDepth: 10 };
  const searches: [title: string, query: Query][] = [
    ["NEWEST TRACES", recent],
    ["WITH AN ERROR  (error=true)", { ...recent, attributes: [attribute("error", "true")] }],
    ["SLOW QUERIES  (db.system.name=postgresql, longer than 1 s)", { ...recent, ...slowQuery }],
    ["RETRIED  (retry.count=1)", { ...recent, attributes: [attribute("retry.count", "1")] }],
  ];
  let shown: Summary | undefined;
  for (const [title, query] of searches) {
    const summaries = await client.summaries(query);
    print(`\n${title}`);
    for (const line of summaryTable(summaries)) print(`  ${line}`);
    shown = summaries[0] ?? shown;
  }

  if (shown === undefined) return;
  print(`\nTRACE ${shown.traceId.toString("hex")}`);
  for (const line of waterfall(await client.trace(shown.traceId))) print(`  ${line}`);
}

const slowQuery: Query = {
  attributes: [attribute("db.system.name", "postgresql")],
  durationMin: { seconds: 1, nanos: 0 },
};

function summaryTable(summaries: readonly Summary[]): string[] {
  if (summaries.length === 0) return ["none"];
  return table(
    [
      { title: "TRACE" },
      { title: "STARTED" },
      { title: "DURATION", right: true },
      { title: "SPANS", right: true },
      { title: "ERRORS", right: true },
      { title: "ROOT" },
    ],
    summaries.map((summary) => {
      const start = BigInt(summary.minStartTimeUnixNano);
      return [
        summary.traceId.toString("hex"),
        formatTime(start),
        formatDuration(BigInt(summary.maxEndTimeUnixNano) - start),
        String(summary.spanCount),
        summary.errorSpanCount === 0 ? "-" : String(summary.errorSpanCount),
        `${summary.rootServiceName}: ${summary.rootOperationName}`,
      ];
    }),
  );
}

function attribute(key: string, stringValue: string): { key: string; value: { stringValue: string } } {
  return { key, value: { stringValue } };
}

function secondsAgo(seconds: number): Timestamp {
  return { seconds: Math.floor(Date.now() / 1000) - seconds, nanos: 0 };
}
