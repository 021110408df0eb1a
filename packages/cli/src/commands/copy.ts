import { UsageError } from "@spanstore/grpc-server/program";
import { z } from "zod";
import { defineCommand, onOff } from "../calling/command.js";
import { tenantName } from "../calling/store.js";
import { time, timeSpan } from "../calling/time-flags.js";
import { placeOfConfig, readPlace } from "../copy/places/place.js";
import { allTimes } from "../copy/places/source.js";
import { type CopyRun, runCopy } from "../copy/run-copy.js";

const text = z.string().min(1, "must not be empty").optional();
const nanosPerMilli = 1_000_000n;
const usualWindow = 50_000;

export const copy = defineCommand({
  name: "copy",
  text: [
    "Copies spans from one backend to another, the newest first, by windows of time: each is written, read back, and compared with what was read, span by span. Writing a span again changes nothing, so an interrupted copy goes on with the same command line and --state.",
    "A place is sqlite:FILE, manticore:mysql://HOST:PORT, elasticsearch:http://HOST:PORT, or grpc:HOST:PORT for a server that runs (grpcs: over TLS); jaeger-elasticsearch:http://HOST:PORT reads the indices of Jaeger's own Elasticsearch storage. Behind ? stand options, for example ?prefix=prod-&window=hour: those of the server for the backend; for Jaeger's indices prefix, index, dot-replacement, api-key and ca-file; for a server tenant-header, header.NAME and, with grpcs:, ca-file.",
    "Without --from and --from-config it copies from the store of the configuration.",
    "The exit code is 0 when all of the source is in the target, and 1 when something differs or can never be copied.",
  ],
  arguments: [],
  flags: {
    from: { placeholder: "PLACE", help: "The place to read from.", schema: text },
    to: { placeholder: "PLACE", help: "The place to write to.", schema: text },
    "from-config": {
      placeholder: "FILE",
      help: "A configuration file of the server whose backend is read; --from overrides it.",
      schema: text,
    },
    "to-config": {
      placeholder: "FILE",
      help: "A configuration file of the server whose backend is written; --to overrides it.",
      schema: text,
    },
    "from-tenant": {
      placeholder: "NAME",
      help: "Read the store of this tenant.",
      schema: tenantName.optional(),
    },
    "to-tenant": {
      placeholder: "NAME",
      help: "Write to the store of this tenant.",
      schema: tenantName.optional(),
    },
    "from-archive": { placeholder: "", help: "Read the archive.", schema: onOff },
    "to-archive": { placeholder: "", help: "Write to the archive.", schema: onOff },
    since: {
      placeholder: "TIME",
      help: "Only spans that started within this length of time up to now, for example 36h or 7d.",
      schema: timeSpan.optional(),
    },
    "from-time": {
      placeholder: "TIME",
      help: "Only spans that started at this time or later: RFC 3339, or seconds since 1970.",
      schema: time.optional(),
    },
    "to-time": {
      placeholder: "TIME",
      help: "Only spans that started at this time or earlier.",
      schema: time.optional(),
    },
    state: {
      placeholder: "FILE",
      help: "Records the windows that are done, with their counts and digests, to go on after an interruption.",
      schema: text,
    },
    "dead-letters": {
      placeholder: "FILE",
      help: "The file for spans that can never be stored, as lines of JSON. Default: standard error.",
      schema: text,
    },
    "verify-only": { placeholder: "", help: "Write nothing, and compare both places.", schema: onOff },
    "no-verify": { placeholder: "", help: "Do not read back what was written.", schema: onOff },
    "allow-extra": {
      placeholder: "",
      help: "Accept spans that only the target has, because others write to it too.",
      schema: onOff,
    },
    "window-spans": {
      placeholder: "NUMBER",
      help: `About how many spans make a window. Default: ${usualWindow}.`,
      schema: z
        .string()
        .regex(/^[1-9]\d{0,6}$/, "must be a whole number from 1 to 9999999")
        .transform(Number)
        .default(usualWindow),
    },
  },
  examples: [
    "spanstore copy --from=sqlite:spans.sqlite --state=copy.state \\\n    --to=manticore:mysql://127.0.0.1:9306",
    "spanstore copy --since=7d --to-config=spanstore.yaml \\\n    --from='jaeger-elasticsearch:http://127.0.0.1:9200?prefix=prod'",
    "spanstore copy --from=grpc:old:17271 --to=sqlite:spans.sqlite --verify-only",
  ],
  run: async ({ config, environment, flags, output, errors, signal, complain }) => {
    const problems: string[] = [];
    const place = (side: "from" | "to") => {
      try {
        return readPlace(side, { place: flags[side], config: flags[`${side}-config`] }, environment);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        problems.push(...error.problems);
        return undefined;
      }
    };
    const from = place("from");
    const to = place("to");
    if (to === undefined && problems.length === 0)
      problems.push("--to or --to-config must say where to copy");
    const { since, "from-time": fromTime, "to-time": toTime } = flags;
    if (since !== undefined && fromTime !== undefined)
      problems.push("--since and --from-time exclude each other");
    if (flags["verify-only"] && flags["no-verify"])
      problems.push("--verify-only and --no-verify exclude each other");
    const now = BigInt(Date.now()) * nanosPerMilli;
    const min = since === undefined ? (fromTime ?? allTimes.min) : now > since ? now - since : allTimes.min;
    const max = toTime ?? allTimes.max;
    if (min > max)
      problems.push(`--to-time lies before ${since === undefined ? "--from-time" : "what --since says"}`);
    if (to === undefined || problems.length > 0) throw new UsageError(problems);
    const copyRun: CopyRun = {
      from: {
        place: from ?? placeOfConfig(config),
        tenant: flags["from-tenant"],
        archive: flags["from-archive"] === true,
      },
      to: { place: to, tenant: flags["to-tenant"], archive: flags["to-archive"] === true },
      range: { min, max },
      rangeAsked: { since, fromTime, toTime },
      stateFile: flags.state,
      deadLetters: flags["dead-letters"],
      mode: flags["verify-only"] ? "verify" : flags["no-verify"] ? "copy" : "copy and verify",
      allowsExtra: flags["allow-extra"] === true,
      windowSize: flags["window-spans"],
      output,
      errors,
      signal,
      complain,
    };
    return runCopy(copyRun);
  },
});
