import { SpanStoreError } from "@spanstore/core";
import type { ServerOptions } from "../server-options.js";
import type { Config } from "./options.js";

/** The server's options that come from the configuration. */
export type ConfiguredOptions = Omit<ServerOptions, "store" | "openArchive" | "logger" | "processMetrics">;

/** @throws INVALID_OPTIONS for options that contradict each other. */
export function serveOptions(config: Config): ConfiguredOptions {
  return {
    listen: config.listen,
    admin: config.admin,
    httpListen: unlessNone(config["http.listen"]),
    corsOrigins: config["http.cors-origins"],
    uiDir: unlessNone(config["http.ui-dir"]),
    maxClockSkewMs: config["http.max-clock-skew"],
    maxSpanSeries: config["http.max-span-series"],
    allInOne: allInOneOf(config),
    archiveListen: unlessNone(config["archive.listen"]),
    declareStreaming: config["storage-v1.declare-streaming"],
    allowPurge: config["allow-purge"],
    maxReceiveMessageBytes: config["grpc.max-receive-message-bytes"],
    maxWaitingBytes: config["limits.waiting-bytes"],
    arrivalMs: config["limits.arrival-time"],
    maxConnections: config["limits.connections"],
    maxCalls: config["limits.calls"],
    maxCallsPerConnection: config["limits.calls-per-connection"],
    maxQueryBytes: config["limits.query-bytes"],
    maxHeaderBytes: config["limits.header-bytes"],
    spanLimits: {
      spanBytes: config["limits.span-bytes"],
      nameBytes: config["limits.name-bytes"],
      valueBytes: config["limits.value-bytes"],
      attributes: config["limits.attributes"],
    },
    rates: {
      bytesPerSecond: unlessNone(config["limits.bytes-per-second"]),
      ofTenants: config["tenancy.bytes-per-second"],
    },
    retention: {
      keepMs: unlessNone(config.retention),
      ofTenants: config["tenancy.retention"],
      intervalMs: config["retention-interval"],
    },
    shutdownGraceMs: config["shutdown.grace"],
    tenancy: config["tenancy.enabled"]
      ? {
          header: config["tenancy.header"],
          tenants: config["tenancy.tenants"],
          required: config["tenancy.required"],
        }
      : undefined,
    tls: tlsOf(config),
    auth: authOf(config),
    deadLetters: deadLettersOf(config),
    watches: watchesOf(config),
  };
}

/** Jaeger's ports, on the host of `listen`. */
function allInOneOf(config: Config): ServerOptions["allInOne"] {
  if (!config["all-in-one"]) return undefined;
  const host = config.listen.slice(0, config.listen.lastIndexOf(":"));
  return { otlpGrpc: `${host}:4317`, otlpHttp: `${host}:4318`, query: `${host}:16686` };
}

function tlsOf(config: Config): ServerOptions["tls"] {
  const certFile = unlessNone(config["tls.cert-file"]);
  const keyFile = unlessNone(config["tls.key-file"]);
  const clientCaFile = unlessNone(config["tls.client-ca-file"]);
  if (certFile === undefined && keyFile === undefined && clientCaFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw new SpanStoreError("INVALID_OPTIONS", "TLS takes a certificate and its key", {
      field: certFile === undefined ? "tls.cert-file" : "tls.key-file",
      hint: "set both --tls.cert-file and --tls.key-file",
    });
  }
  return {
    certFile,
    keyFile,
    clientCaFile,
    minVersion: config["tls.min-version"],
    admin: config["tls.admin"],
    reloadIntervalMs: config["reload.interval"],
  };
}

function authOf(config: Config): ServerOptions["auth"] {
  const tokensFile = unlessNone(config["auth.tokens-file"]);
  const tokens = config["auth.tokens"];
  if (tokensFile === undefined && tokens.length === 0) return undefined;
  return { tokensFile, tokens, reloadIntervalMs: config["reload.interval"] };
}

function deadLettersOf(config: Config): ServerOptions["deadLetters"] {
  const file = unlessNone(config["dead-letters.file"]);
  return file === undefined ? undefined : { file, maxBytes: config["dead-letters.max-bytes"] };
}

function watchesOf(config: Config): ServerOptions["watches"] {
  const file = unlessNone(config["watch.file"]);
  const link = unlessNone(config["watch.link"]);
  const alertmanagers = config["watch.alertmanager"];
  const webhooks = config["watch.webhook"];
  if (file === undefined) {
    const stray = (["watch.state", "watch.alertmanager", "watch.webhook", "watch.link"] as const).find(
      (name) => config[name] !== "none" && config[name].length > 0,
    );
    if (stray === undefined) return undefined;
    throw new SpanStoreError("INVALID_OPTIONS", `${stray} is of watches, and there are none`, {
      field: stray,
      hint: "set --watch.file, too",
    });
  }
  return {
    file,
    state: unlessNone(config["watch.state"]) ?? `${file}.state`,
    link,
    receivers: [
      ...alertmanagers.map((url) => ({ kind: "alertmanager", url }) as const),
      ...webhooks.map((url) => ({ kind: "webhook", url }) as const),
    ],
    reloadIntervalMs: config["reload.interval"],
  };
}

function unlessNone<T>(value: T | "none"): T | undefined {
  return value === "none" ? undefined : value;
}
