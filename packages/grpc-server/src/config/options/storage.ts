import { z } from "zod";
import { backendAddress } from "../backend-address.js";
import { option } from "../option.js";
import { count, flag, formatMillis, optionalWords, protection, timeSpan, words } from "../values.js";

const manticoreAddress = backendAddress(/^mysqls?:\/\//, "mysql://HOST:PORT");
const elasticsearchAddress = backendAddress(/^https?:\/\//, "http://HOST:PORT");

/** The backend and its options. */
export const storageOptions = {
  backend: option(
    "sqlite|manticore|elasticsearch|memory",
    "The backend that keeps the spans.",
    z.enum(["sqlite", "manticore", "elasticsearch", "memory"]).default("sqlite"),
  ),
  "sqlite.path": option(
    "FILE",
    "The database file; created when it is missing.",
    z.string().min(1, "must not be empty").default("./spanstore.sqlite"),
  ),
  "sqlite.synchronous": option(
    "full|normal",
    "full: an acknowledged span survives a power cut. normal: faster, and the last moments may be lost.",
    z.enum(["full", "normal"]).default("full"),
  ),
  "manticore.url": option(
    "URL,URL",
    "searchd's listener for the MySQL protocol, mysql://user:password@host:9306; mysqls: for TLS. The first of several that answers is used.",
    words.pipe(z.array(manticoreAddress).min(1, "must name an address")).default(["mysql://127.0.0.1:9306"]),
    { isAddress: true },
  ),
  "manticore.prefix": option("WORD", "The prefix of the tables' names.", z.string().default("jaeger_")),
  "manticore.window": option(
    "hour|day|week",
    "The time span of a table; an existing store keeps its own.",
    z.enum(["hour", "day", "week"]).default("day"),
  ),
  "manticore.attributes": option(
    "stored|words|json",
    "How jaeger_spans keeps attributes: to read them, to find them by MATCH too, or as JSON columns for filters of SQL.",
    z.enum(["stored", "words", "json"]).default("stored"),
  ),
  "manticore.ca-file": option(
    "FILE|none",
    "The authorities to trust with mysqls:, PEM.",
    protection.default("none"),
    { refusesEmpty: true },
  ),
  "manticore.cluster": option(
    "NAME|none",
    "The replication cluster for creating and writing the tables.",
    z.string().default("none"),
  ),
  "manticore.shards": option(
    "URL,URL|none",
    "Further searchd that each keep a part of the spans, as mysql://host:9306?agent=host:9312; --manticore.url names the one that joins their answers.",
    optionalWords.pipe(z.array(manticoreAddress)).default([]),
    { isAddress: true },
  ),
  "elasticsearch.url": option(
    "URL,URL",
    "The nodes, http://user:password@host:9200 or https:. All are used; those that do not answer are skipped.",
    words
      .pipe(z.array(elasticsearchAddress).min(1, "must name an address"))
      .default(["http://127.0.0.1:9200"]),
    { isAddress: true },
  ),
  "elasticsearch.api-key": option(
    "KEY|none",
    "An API key in base64, in place of a user and a password.",
    protection.default("none"),
    { isSecret: true, refusesEmpty: true },
  ),
  "elasticsearch.ca-file": option(
    "FILE|none",
    "The authorities to trust with https:, PEM.",
    protection.default("none"),
    { refusesEmpty: true },
  ),
  "elasticsearch.ca-fingerprint": option(
    "HEX|none",
    "SHA-256 fingerprint of the authority's certificate, as Elasticsearch prints it when it first starts.",
    protection.default("none"),
    { refusesEmpty: true },
  ),
  "elasticsearch.prefix": option(
    "WORD",
    "The prefix of the indices' names.",
    z.string().default("spanstore-"),
  ),
  "elasticsearch.window": option(
    "hour|day|week",
    "The time span of an index; an existing store keeps its own.",
    z.enum(["hour", "day", "week"]).default("day"),
  ),
  "elasticsearch.shards": option("NUMBER", "The primary shards of each new index.", count(1024).default(1), {
    format: String,
  }),
  "elasticsearch.replicas": option(
    "NUMBER|auto",
    "The copies beside the primary shards; auto: one as soon as there is a second node.",
    z.coerce
      .string()
      .regex(/^(auto|\d{1,2})$/, "must be auto or a whole number")
      .default("auto"),
  ),
  "elasticsearch.codec": option(
    "default|best_compression",
    "best_compression takes less space and makes reading a trace slower.",
    z.enum(["default", "best_compression"]).default("default"),
  ),
  "elasticsearch.refresh": option(
    "interval|wait",
    "interval: searches find acknowledged spans within the refresh interval. wait: they find them at once, and writes take longer.",
    z.enum(["interval", "wait"]).default("interval"),
  ),
  "elasticsearch.refresh-interval": option(
    "TIME",
    "The longest time until searches find acknowledged spans.",
    timeSpan
      .pipe(z.number().min(10, "must be at least 10ms").max(600_000, "must be at most 10m"))
      .default(1_000),
    { format: formatMillis },
  ),
  "elasticsearch.compression": option(
    "",
    "Compress the bodies of requests and answers.",
    flag.default(false),
  ),
  "elasticsearch.timeout": option(
    "TIME",
    "How long one request to Elasticsearch may take.",
    timeSpan
      .pipe(z.number().min(1, "must be at least 1ms").max(3_600_000, "must be at most 1h"))
      .default(30_000),
    { format: formatMillis },
  ),
};
