import { z } from "zod";
import { option } from "../option.js";
import {
  address,
  count,
  flag,
  formatMillis,
  notEmpty,
  optionalWords,
  orNone,
  protection,
  timer,
  timeSpan,
  words,
} from "../values.js";

/** Where the server listens. */
export const networkOptions = {
  listen: option(
    "HOST:PORT",
    "The address for gRPC: OTLP, jaeger.storage.v2 and v1, health, reflection.",
    address.default("127.0.0.1:17271"),
  ),
  "archive.listen": option(
    "HOST:PORT",
    "An address for gRPC that serves the archive in place of the store, for a Jaeger with its archive as a second backend.",
    z.union([z.literal("none"), address], "must be HOST:PORT or none").default("none"),
  ),
  admin: option(
    "HOST:PORT",
    "The address for HTTP with /healthz, /readyz and /metrics.",
    address.default("127.0.0.1:17272"),
  ),
  "http.listen": option(
    "HOST:PORT|none",
    "The address for HTTP with the page, Jaeger's query API and OTLP's /v1/traces.",
    z.union([z.literal("none"), address], "must be HOST:PORT or none").default("127.0.0.1:17286"),
  ),
  "http.cors-origins": option(
    "URL,URL|none",
    "The origins of browsers that may call over HTTP, or * for all.",
    optionalWords
      .pipe(
        z.array(z.string().regex(/^(\*|https?:\/\/[^/\s]+)$/, "must be origins such as https://app.example")),
      )
      .default([]),
  ),
  "http.ui-dir": option(
    "DIR|none",
    "A folder with the built files of Jaeger's UI, to serve in place of the page.",
    z.string().default("none"),
  ),
  "http.max-clock-skew": option(
    "TIME",
    "The most by which the times of a span are moved to fit into its parent, in traces that HTTP shows.",
    timeSpan.pipe(z.number().max(86_400_000, "must be at most 1d")).default(0),
    { format: formatMillis },
  ),
  "http.max-span-series": option(
    "NUMBER",
    "The most series of /metrics/spans; one more counts the rest.",
    count(100_000).default(2000),
    { format: String },
  ),
  "all-in-one": option(
    "",
    "Open the ports of Jaeger's all-in-one, too, on the host of --listen: 4317 for OTLP over gRPC, 4318 for OTLP over HTTP, 16686 for the page and the query API.",
    flag.default(false),
  ),
};

/** TLS and tokens. */
export const securityOptions = {
  "tls.cert-file": option(
    "FILE|none",
    "The server's certificate and its intermediate certificates, PEM. Read again when the file changes.",
    protection.default("none"),
    { refusesEmpty: true },
  ),
  "tls.key-file": option("FILE|none", "The certificate's private key, PEM.", protection.default("none"), {
    refusesEmpty: true,
  }),
  "tls.client-ca-file": option(
    "FILE|none",
    "Let in only clients with a certificate of these authorities, PEM. /healthz and /readyz ask for none.",
    protection.default("none"),
    { refusesEmpty: true },
  ),
  "tls.min-version": option(
    "1.2|1.3",
    "The oldest accepted version of TLS.",
    z.coerce
      .string()
      .pipe(z.enum(["1.2", "1.3"]))
      .default("1.2"),
  ),
  "tls.admin": option(
    "true|false",
    "Whether the admin port speaks TLS too, when there is a certificate.",
    flag.default(true),
  ),
  "auth.tokens-file": option(
    "FILE|none",
    "Bearer tokens, one a line: read, write or all, the token, then optionally name=NAME and tenants=NAME,NAME. Read again when the file changes.",
    protection.default("none"),
    { refusesEmpty: true },
  ),
  "auth.tokens": option(
    "ROLE:TOKEN,ROLE:TOKEN",
    "Bearer tokens beside those of the file; better in the environment than on the command line.",
    words
      .refine((list) => list.length > 0, notEmpty)
      .transform(orNone)
      .default([]),
    { isSecret: true, refusesEmpty: true },
  ),
  "reload.interval": option(
    "TIME",
    "How often the files of certificates, tokens and watches are checked for changes.",
    timer.default(10_000),
    { format: formatMillis },
  ),
};
