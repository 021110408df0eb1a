import { z } from "zod";
import { anyTenant, defaultTenantHeader, isTenantHeader } from "../tenancy.js";
import { address, byteSize, count, flag, formatBytes, formatTimeSpan, timeSpan, words } from "./values.js";

/** A gRPC message's length has 32 bits, and Node's buffers end sooner. */
const maxMessageBytes = 2 ** 31 - 1;
/** The longest that a timer of Node's runs. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Every option, by the name it has as a flag. In the file the dots are nesting; in the environment
 * the name is in upper case after SPANSTORE_, with dots and dashes as underscores.
 */
export const configSchema = z.strictObject({
  backend: z.enum(["sqlite", "manticore", "elasticsearch", "memory"]).default("sqlite"),
  "sqlite.path": z.string().min(1, "must not be empty").default("./spanstore.sqlite"),
  "sqlite.synchronous": z.enum(["full", "normal"]).default("full"),
  "manticore.url": words
    .pipe(
      z.array(z.string().regex(/^mysqls?:\/\//, "must be mysql://HOST:PORT")).min(1, "must name an address"),
    )
    .default(["mysql://127.0.0.1:9306"]),
  "manticore.prefix": z.string().default("jaeger_"),
  "manticore.window": z.enum(["hour", "day", "week"]).default("day"),
  "manticore.ca-file": z.string().default("none"),
  "manticore.cluster": z.string().default("none"),
  "elasticsearch.url": words
    .pipe(
      z.array(z.string().regex(/^https?:\/\//, "must be http://HOST:PORT")).min(1, "must name an address"),
    )
    .default(["http://127.0.0.1:9200"]),
  "elasticsearch.api-key": z.string().default("none"),
  "elasticsearch.ca-file": z.string().default("none"),
  "elasticsearch.prefix": z.string().default("spanstore-"),
  "elasticsearch.window": z.enum(["hour", "day", "week"]).default("day"),
  "elasticsearch.shards": count(1024).default(1),
  "elasticsearch.codec": z.enum(["default", "best_compression"]).default("default"),
  "elasticsearch.refresh": z.enum(["interval", "wait"]).default("interval"),
  listen: address.default("127.0.0.1:17271"),
  admin: address.default("127.0.0.1:17272"),
  "archive.listen": z.union([z.literal("none"), address], "must be HOST:PORT or none").default("none"),
  "tenancy.enabled": flag.default(false),
  "tenancy.header": z
    .string()
    .refine(isTenantHeader, "must be the name of a header, for example x-tenant")
    .default(defaultTenantHeader),
  "tenancy.tenants": words.default([anyTenant]),
  "tenancy.required": flag.default(true),
  "allow-purge": flag.default(false),
  "storage-v1.declare-streaming": flag.default(false),
  "grpc.max-receive-message-bytes": byteSize
    .pipe(z.number().min(1024, "must be at least 1KiB").max(maxMessageBytes, "must be below 2GiB"))
    .default(64 * 1024 * 1024),
  "limits.waiting-bytes": byteSize.default(128 * 1024 * 1024),
  "shutdown.grace": timeSpan.pipe(z.number().max(maxTimerMs, "must be at most 24 days")).default(10_000),
  "log.level": z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
});

/** The effective configuration: sizes in bytes, times in milliseconds. */
export type Config = z.output<typeof configSchema>;
export type OptionName = keyof Config;

export interface OptionDescription {
  readonly group: string;
  /** What stands for the value in the help; empty for a switch. */
  readonly placeholder: string;
  readonly help: string;
}

export const descriptions: Record<OptionName, OptionDescription> = {
  backend: {
    group: "Storage",
    placeholder: "sqlite|manticore|elasticsearch|memory",
    help: "Where spans are kept.",
  },
  "sqlite.path": {
    group: "Storage",
    placeholder: "FILE",
    help: "The database file; made when it is not there.",
  },
  "sqlite.synchronous": {
    group: "Storage",
    placeholder: "full|normal",
    help: "full: an acknowledged span survives a power cut. normal: faster, and the last moments may be lost.",
  },
  "manticore.url": {
    group: "Storage",
    placeholder: "URL,URL",
    help: "searchd's listener for the MySQL protocol, mysql://user:password@host:9306; mysqls: for TLS. Of several the first that answers is used.",
  },
  "manticore.prefix": {
    group: "Storage",
    placeholder: "WORD",
    help: "What the names of the tables begin with.",
  },
  "manticore.window": {
    group: "Storage",
    placeholder: "hour|day|week",
    help: "How much time a table holds; a store keeps to what it was made with.",
  },
  "manticore.ca-file": {
    group: "Storage",
    placeholder: "FILE|none",
    help: "Certificates of authorities to trust with mysqls:, PEM.",
  },
  "manticore.cluster": {
    group: "Storage",
    placeholder: "NAME|none",
    help: "A replication cluster that the tables are made in and written through.",
  },
  "elasticsearch.url": {
    group: "Storage",
    placeholder: "URL,URL",
    help: "The nodes, http://user:password@host:9200 or https:. All serve; those that do not answer are passed over.",
  },
  "elasticsearch.api-key": {
    group: "Storage",
    placeholder: "KEY|none",
    help: "An API key in base64, instead of a user and a password.",
  },
  "elasticsearch.ca-file": {
    group: "Storage",
    placeholder: "FILE|none",
    help: "Certificates of authorities to trust with https:, PEM.",
  },
  "elasticsearch.prefix": {
    group: "Storage",
    placeholder: "WORD",
    help: "What the names of the indices begin with.",
  },
  "elasticsearch.window": {
    group: "Storage",
    placeholder: "hour|day|week",
    help: "How much time an index holds; a store keeps to what it was made with.",
  },
  "elasticsearch.shards": {
    group: "Storage",
    placeholder: "NUMBER",
    help: "Primary shards of each index made from now on.",
  },
  "elasticsearch.codec": {
    group: "Storage",
    placeholder: "default|best_compression",
    help: "best_compression takes less space and makes reading a trace slower.",
  },
  "elasticsearch.refresh": {
    group: "Storage",
    placeholder: "interval|wait",
    help: "interval: what is acknowledged is found within a second. wait: it is found at once, and acknowledged later.",
  },
  listen: {
    group: "Network",
    placeholder: "HOST:PORT",
    help: "Where gRPC is served: OTLP, jaeger.storage.v2 and v1, health, reflection.",
  },
  "archive.listen": {
    group: "Network",
    placeholder: "HOST:PORT",
    help: "Where gRPC is served over the archive in place of the store, for a Jaeger that has its archive as a second backend.",
  },
  admin: {
    group: "Network",
    placeholder: "HOST:PORT",
    help: "Where /healthz, /readyz and /metrics are served over HTTP.",
  },
  "tenancy.enabled": {
    group: "Tenants",
    placeholder: "",
    help: "Give each tenant a store of its own; a call says in a header which tenant it is of.",
  },
  "tenancy.header": {
    group: "Tenants",
    placeholder: "NAME",
    help: "The header that names the tenant, as in Jaeger's multi_tenancy.header.",
  },
  "tenancy.tenants": {
    group: "Tenants",
    placeholder: "NAME,NAME|any",
    help: "The tenants that are served; others are refused.",
  },
  "tenancy.required": {
    group: "Tenants",
    placeholder: "true|false",
    help: "Whether calls that name no tenant are refused; else they have a store of their own.",
  },
  "allow-purge": {
    group: "Network",
    placeholder: "",
    help: "Let POST /purge on the admin port empty the store, and POST /delete-before?time=NANOS delete what started earlier. For test systems.",
  },
  "storage-v1.declare-streaming": {
    group: "Network",
    placeholder: "",
    help: "Have Jaeger 1 up to 1.65 write by streams: faster, but it takes a span for written once it is sent. Later versions lose spans so.",
  },
  "grpc.max-receive-message-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "The largest request taken, after decompression.",
  },
  "limits.waiting-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "Requests to write, of all callers together, that are not durable yet; more are refused.",
  },
  "shutdown.grace": {
    group: "Limits",
    placeholder: "TIME",
    help: "How long calls in flight may take after SIGTERM.",
  },
  "log.level": {
    group: "Logging",
    placeholder: "debug|info|warn|error|silent",
    help: "What is logged, as JSON lines on standard error.",
  },
};

export const optionNames = Object.keys(descriptions) as OptionName[];

/** The name an option has in the environment. */
export function environmentName(option: string): string {
  return `SPANSTORE_${option.replaceAll(/[.-]/g, "_").toUpperCase()}`;
}

/** A value as a user would write it, secrets apart. */
export function formatValue<Name extends OptionName>(option: Name, value: Config[Name]): string | boolean {
  if (option === "elasticsearch.api-key") return value === "none" ? "none" : hidden;
  if (Array.isArray(value)) return value.map(withoutPassword).join(",");
  if (typeof value !== "number") return value as string | boolean;
  if (option === "elasticsearch.shards") return String(value);
  return option === "shutdown.grace" ? formatTimeSpan(value) : formatBytes(value);
}

const hidden = "***";

function withoutPassword(text: string): string {
  return text.replace(/^(\w+:\/\/[^/@:]*):[^/@]*@/, `$1:${hidden}@`);
}
