import { z } from "zod";
import { option } from "../option.js";
import {
  byteSize,
  count,
  formatMillis,
  limit,
  maxMessageBytes,
  maxTimerMs,
  rate,
  timer,
  timeSpan,
} from "../values.js";

/** Bounds of requests, spans and calls. */
export const limitOptions = {
  "grpc.max-receive-message-bytes": option(
    "SIZE",
    "The largest accepted request, decompressed.",
    byteSize
      .pipe(z.number().min(1024, "must be at least 1KiB").max(maxMessageBytes, "must be below 2GiB"))
      .default(64 * 1024 * 1024),
  ),
  "limits.waiting-bytes": option(
    "SIZE",
    "The most bytes of write requests, of all callers together, that arrive or are not durable yet; further requests are refused, and streams wait.",
    byteSize.default(128 * 1024 * 1024),
  ),
  "limits.arrival-time": option(
    "TIME",
    "The longest time for a request to arrive, from the start of its call; a slower one ends with DEADLINE_EXCEEDED.",
    timer.default(60_000),
    { format: formatMillis },
  ),
  "limits.connections": option(
    "NUMBER",
    "The most connections to the ports of gRPC, and to each port of HTTP; fewer when the process may open few files. One more takes the place of the longest idle one.",
    count(1_000_000).default(1000),
    { format: String },
  ),
  "limits.calls": option(
    "NUMBER",
    "The most calls of all connections at the same time, HTTP included; more are refused.",
    count(1_000_000).default(4096),
    { format: String },
  ),
  "limits.calls-per-connection": option(
    "NUMBER",
    "The most calls of one connection at the same time; clients hold back further ones.",
    count(1_000_000).default(1000),
    { format: String },
  ),
  "limits.bytes-per-second": option(
    "SIZE|none",
    "How much each tenant, or all callers without tenancy, may write in a second; more is refused, with the time to try again.",
    z
      .union([z.literal("none"), rate], "must be a number of bytes, for example 10MiB, or none")
      .default("none"),
  ),
  "limits.span-bytes": option(
    "SIZE",
    "The largest span. A span beyond this or a limit below is a dead letter.",
    limit.default(16 * 1024 * 1024),
  ),
  "limits.name-bytes": option(
    "SIZE",
    "The longest name of a service, span, event or scope, key of an attribute, or trace state.",
    limit.default(16 * 1024),
  ),
  "limits.value-bytes": option(
    "SIZE",
    "The largest value of an attribute, or message of a status.",
    limit.default(1024 * 1024),
  ),
  "limits.attributes": option(
    "NUMBER",
    "The most attributes of one span, event, link, scope or resource.",
    count(1_000_000).default(2048),
    { format: String },
  ),
  "limits.query-bytes": option(
    "SIZE",
    "The largest read request, with its filter.",
    limit.default(1024 * 1024),
  ),
  "limits.header-bytes": option(
    "SIZE",
    "The most bytes of a call's headers, names and values together.",
    byteSize
      .pipe(z.number().min(1024, "must be at least 1KiB").max(65_535, "must be below 64KiB"))
      .default(16 * 1024),
  ),
};

/** Dead letters, and the end of the server. */
export const deadLetterOptions = {
  "dead-letters.file": option(
    "FILE|none",
    "The file for spans that can never be stored, as lines of JSON. Without it the log shows their first bytes.",
    z.string().default("none"),
  ),
  "dead-letters.max-bytes": option(
    "SIZE",
    "The most bytes of that file and the one before it, with .1 after its name, together.",
    byteSize.pipe(z.number().min(4096, "must be at least 4KiB")).default(64 * 1024 * 1024),
  ),
  "shutdown.grace": option(
    "TIME",
    "How long calls in flight may go on after SIGTERM.",
    timeSpan.pipe(z.number().max(maxTimerMs, "must be at most 24 days")).default(10_000),
    { format: formatMillis },
  ),
};

/** The log. */
export const loggingOptions = {
  "log.level": option(
    "debug|info|warn|error|silent",
    "The least severe messages of the log, which is lines of JSON on standard error.",
    z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
  ),
};
