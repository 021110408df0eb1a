import { defaultTenantHeader, isTenantHeader } from "@spanstore/client/wire";
import { z } from "zod";
import { anyTenant } from "../routing/tenancy.js";
import { backendAddress } from "./backend-address.js";
import {
  address,
  byteSize,
  count,
  flag,
  optionalWords,
  orNone,
  perTenant,
  timeSpan,
  words,
} from "./values.js";

/** A gRPC message's length has 32 bits, and Node's buffers end sooner. */
const maxMessageBytes = 2 ** 31 - 1;
/** The longest that a timer of Node's runs. */
const maxTimerMs = 2 ** 31 - 1;

const httpAddress = z
  .string()
  .refine(
    (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ""),
    "must be a URL, for example http://localhost:9093",
  );

const timer = timeSpan.pipe(
  z.number().min(1, "must be at least 1ms").max(maxTimerMs, "must be at most 24 days"),
);
const keeping = timeSpan.pipe(z.number().min(1000, "must be at least 1s"));
const rate = byteSize.pipe(z.number().min(1, "must be at least 1B"));
const limit = byteSize.pipe(
  z.number().min(16, "must be at least 16B").max(maxMessageBytes, "must be below 2GiB"),
);

const manticoreAddress = backendAddress(/^mysqls?:\/\//, "mysql://HOST:PORT");
const elasticsearchAddress = backendAddress(/^https?:\/\//, "http://HOST:PORT");

/** A server whose secret or certificate has got lost on its way here must not start without it. */
const notEmpty = "is empty: say none, or leave it out, for a server without it";
const protection = z.string().min(1, notEmpty);

/** Options that protect the server or name its secrets: one that is given and empty is refused. */
const protecting: ReadonlySet<string> = new Set([
  "auth.tokens",
  "auth.tokens-file",
  "elasticsearch.api-key",
  "elasticsearch.ca-file",
  "elasticsearch.ca-fingerprint",
  "manticore.ca-file",
  "tls.cert-file",
  "tls.key-file",
  "tls.client-ca-file",
]);

/** Whether an empty value of this option says something, and is not as none. */
export function refusesEmpty(option: string): boolean {
  return protecting.has(option);
}

/**
 * Every option, by the name it has as a flag. In the file the dots are nesting; in the environment
 * the name is in upper case after SPANSTORE_, with dots and dashes as underscores.
 */
export const configSchema = z.strictObject({
  backend: z.enum(["sqlite", "manticore", "elasticsearch", "memory"]).default("sqlite"),
  "sqlite.path": z.string().min(1, "must not be empty").default("./spanstore.sqlite"),
  "sqlite.synchronous": z.enum(["full", "normal"]).default("full"),
  "manticore.url": words
    .pipe(z.array(manticoreAddress).min(1, "must name an address"))
    .default(["mysql://127.0.0.1:9306"]),
  "manticore.prefix": z.string().default("jaeger_"),
  "manticore.window": z.enum(["hour", "day", "week"]).default("day"),
  "manticore.attributes": z.enum(["stored", "words", "json"]).default("stored"),
  "manticore.ca-file": protection.default("none"),
  "manticore.cluster": z.string().default("none"),
  "manticore.shards": optionalWords.pipe(z.array(manticoreAddress)).default([]),
  "elasticsearch.url": words
    .pipe(z.array(elasticsearchAddress).min(1, "must name an address"))
    .default(["http://127.0.0.1:9200"]),
  "elasticsearch.api-key": protection.default("none"),
  "elasticsearch.ca-file": protection.default("none"),
  "elasticsearch.ca-fingerprint": protection.default("none"),
  "elasticsearch.prefix": z.string().default("spanstore-"),
  "elasticsearch.window": z.enum(["hour", "day", "week"]).default("day"),
  "elasticsearch.shards": count(1024).default(1),
  "elasticsearch.replicas": z.coerce
    .string()
    .regex(/^(auto|\d{1,2})$/, "must be auto or a whole number")
    .default("auto"),
  "elasticsearch.codec": z.enum(["default", "best_compression"]).default("default"),
  "elasticsearch.refresh": z.enum(["interval", "wait"]).default("interval"),
  "elasticsearch.refresh-interval": timeSpan
    .pipe(z.number().min(10, "must be at least 10ms").max(600_000, "must be at most 10m"))
    .default(1_000),
  "elasticsearch.compression": flag.default(false),
  "elasticsearch.timeout": timeSpan
    .pipe(z.number().min(1, "must be at least 1ms").max(3_600_000, "must be at most 1h"))
    .default(30_000),
  listen: address.default("127.0.0.1:17271"),
  "archive.listen": z.union([z.literal("none"), address], "must be HOST:PORT or none").default("none"),
  admin: address.default("127.0.0.1:17272"),
  "http.listen": z
    .union([z.literal("none"), address], "must be HOST:PORT or none")
    .default("127.0.0.1:17286"),
  "http.cors-origins": optionalWords
    .pipe(
      z.array(z.string().regex(/^(\*|https?:\/\/[^/\s]+)$/, "must be origins such as https://app.example")),
    )
    .default([]),
  "http.ui-dir": z.string().default("none"),
  "http.max-clock-skew": timeSpan.pipe(z.number().max(86_400_000, "must be at most 1d")).default(0),
  "http.max-span-series": count(100_000).default(2000),
  "all-in-one": flag.default(false),
  "tls.cert-file": protection.default("none"),
  "tls.key-file": protection.default("none"),
  "tls.client-ca-file": protection.default("none"),
  "tls.min-version": z.coerce
    .string()
    .pipe(z.enum(["1.2", "1.3"]))
    .default("1.2"),
  "tls.admin": flag.default(true),
  "auth.tokens-file": protection.default("none"),
  "auth.tokens": words
    .refine((list) => list.length > 0, notEmpty)
    .transform(orNone)
    .default([]),
  "reload.interval": timer.default(10_000),
  retention: z
    .union([z.literal("none"), keeping], "must be a length of time, for example 7d, or none")
    .default("none"),
  "retention-interval": timer.default(3_600_000),
  "tenancy.enabled": flag.default(false),
  "tenancy.header": z
    .string()
    .refine(isTenantHeader, "must be the name of a header, for example x-tenant")
    .default(defaultTenantHeader),
  "tenancy.tenants": words.default([anyTenant]),
  "tenancy.required": flag.default(true),
  "tenancy.retention": perTenant(keeping, "acme=30d,free-*=1d").default([]),
  "tenancy.bytes-per-second": perTenant(rate, "acme=10MiB,free-*=100KiB").default([]),
  "allow-purge": flag.default(false),
  "storage-v1.declare-streaming": flag.default(false),
  "grpc.max-receive-message-bytes": byteSize
    .pipe(z.number().min(1024, "must be at least 1KiB").max(maxMessageBytes, "must be below 2GiB"))
    .default(64 * 1024 * 1024),
  "limits.waiting-bytes": byteSize.default(128 * 1024 * 1024),
  "limits.arrival-time": timer.default(60_000),
  "limits.connections": count(1_000_000).default(1000),
  "limits.calls": count(1_000_000).default(4096),
  "limits.calls-per-connection": count(1_000_000).default(1000),
  "limits.bytes-per-second": z
    .union([z.literal("none"), rate], "must be a number of bytes, for example 10MiB, or none")
    .default("none"),
  "limits.span-bytes": limit.default(16 * 1024 * 1024),
  "limits.name-bytes": limit.default(16 * 1024),
  "limits.value-bytes": limit.default(1024 * 1024),
  "limits.attributes": count(1_000_000).default(2048),
  "limits.query-bytes": limit.default(1024 * 1024),
  "limits.header-bytes": byteSize
    .pipe(z.number().min(1024, "must be at least 1KiB").max(65_535, "must be below 64KiB"))
    .default(16 * 1024),
  "watch.file": z.string().default("none"),
  "watch.state": z.string().default("none"),
  "watch.alertmanager": optionalWords.pipe(z.array(httpAddress)).default([]),
  "watch.webhook": optionalWords.pipe(z.array(httpAddress)).default([]),
  "watch.link": z
    .string()
    .refine(
      (text) => text === "none" || text.includes("{traceId}"),
      "must be a URL with {traceId} in it, or none",
    )
    .default("none"),
  "dead-letters.file": z.string().default("none"),
  "dead-letters.max-bytes": byteSize
    .pipe(z.number().min(4096, "must be at least 4KiB"))
    .default(64 * 1024 * 1024),
  "shutdown.grace": timeSpan.pipe(z.number().max(maxTimerMs, "must be at most 24 days")).default(10_000),
  "log.level": z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
});

/** The effective configuration: sizes in bytes, times in milliseconds. */
export type Config = z.output<typeof configSchema>;
export type OptionName = keyof Config;

export const optionNames = Object.keys(configSchema.shape) as OptionName[];

/** The name an option has in the environment. */
export function environmentName(option: string): string {
  return `SPANSTORE_${option.replaceAll(/[.-]/g, "_").toUpperCase()}`;
}
