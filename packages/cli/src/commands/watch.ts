import { readFileSync } from "node:fs";
import { formatDateTime, formatDuration, plain, table } from "@spanstore/core/text";
import { UsageError } from "@spanstore/grpc-server/program";
import { type Episode, parseWatchFile, replayWatches, type WatchFile } from "@spanstore/watch";
import { defineCommand, onOff } from "../calling/command.js";
import { storeFlags, withStore } from "../calling/store.js";
import { rangeFlags, readRange } from "../calling/time-flags.js";

const hourNanos = 3_600_000_000_000n;
const nanosPerMilli = 1_000_000n;

export const watch = defineCommand({
  name: "watch",
  text: [
    "Checks a file of watches, which the server reads with --watch.file. `watch check FILE` lists the problems of the file. `watch test FILE` lists the alerts that its watches would have raised over the stored spans, by default those of the last hour.",
  ],
  arguments: [{ name: "check|test" }, { name: "FILE" }],
  flags: {
    ...rangeFlags,
    json: {
      placeholder: "",
      help: "With test: print each alert as a line of JSON, for scripts; times are nanoseconds since 1970, as strings.",
      schema: onOff,
    },
    ...storeFlags,
  },
  exitCodes: {
    0: "the file is right; with test, nothing would have fired",
    1: "it is not, or something would have fired",
  },
  examples: [
    "spanstore watch check watches.yaml",
    "spanstore watch test watches.yaml --since=1d",
    "spanstore watch test watches.yaml --server=localhost:17271 --json",
  ],
  run: async (call) => {
    const [action = "", path = ""] = call.arguments;
    if (action !== "check" && action !== "test")
      throw new UsageError([`watch takes check or test, not ${JSON.stringify(action)}`]);
    const { range, problems } = readRange(call.flags);
    if (problems.length > 0) throw new UsageError(problems);
    const { file, problems: faults } = parseWatchFile(readFileSync(path, "utf8"), path);
    if (faults !== undefined) {
      for (const { message } of faults) call.complain(message);
      return 1;
    }
    if (action === "check") {
      await call.output.line(`${path}: ${file.watches.length} watches, ${file.receivers.length} receivers`);
      return 0;
    }
    const now = BigInt(Date.now()) * nanosPerMilli;
    const end = range.startTimeMaxUnixNano === undefined ? now : range.startTimeMaxUnixNano + 1n;
    const start = range.startTimeMinUnixNano ?? end - hourNanos;
    return withStore(call, {}, async (store) => {
      const episodes = await replayAll(file, (each) =>
        replayWatches(each, store, { startTimeUnixNano: start, endTimeUnixNano: end }, call.signal),
      );
      if (call.flags.json)
        for (const episode of episodes) await call.output.line(JSON.stringify(episode, asText));
      else for (const line of linesOf(episodes)) await call.output.line(line);
      return episodes.length === 0 ? 0 : 1;
    });
  },
});

async function replayAll(
  { watches }: WatchFile,
  replay: (watch: WatchFile["watches"][number]) => Promise<Episode[]>,
): Promise<Episode[]> {
  const episodes: Episode[] = [];
  for (const each of watches) episodes.push(...(await replay(each)));
  return episodes.sort((a, b) => (a.startsAt < b.startsAt ? -1 : a.startsAt > b.startsAt ? 1 : 0));
}

function linesOf(episodes: readonly Episode[]): string[] {
  if (episodes.length === 0) return ["nothing would have fired"];
  return table(
    [
      { title: "WATCH" },
      { title: "FIRES" },
      { title: "FOR", right: true },
      { title: "SPANS", right: true },
      { title: "VALUE", right: true },
      { title: "LABELS" },
      { title: "FIRST TRACE" },
    ],
    episodes.map(({ watch, labels, startsAt, endsAt, matches, value, traceId }) => [
      plain(watch),
      formatDateTime(startsAt),
      formatDuration(endsAt - startsAt),
      matches === undefined ? "-" : String(matches),
      value ?? "-",
      plain(
        Object.entries(labels)
          .filter(([name]) => name !== "alertname")
          .map(([name, text]) => `${name}=${text}`)
          .join(" "),
      ),
      traceId ?? "-",
    ]),
  );
}

function asText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
