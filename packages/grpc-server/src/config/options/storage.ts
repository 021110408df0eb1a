import { z } from "zod";
import { backendAddress } from "../backend-address.js";
import { option } from "../option.js";
import { count, flag, formatMillis, optionalWords, protection, timeSpan, words } from "../values.js";

const manticoreAddress = backendAddress(/^mysqls?:\/\//, "mysql://HOST:PORT");
const elasticsearchAddress = backendAddress(/^https?:\/\//, "http://HOST:PORT");

/** Where spans are kept. */
export const storageOptions = {
  backend: option(
    "sqlite|manticore|elasticsearch|memory",
    "Where spans are kept.",
    z.enum(["sqlite", "manticore", "elasticsearch", "memory"]).default("sqlite"),
  ),
  "sqlite.path": option(
    "FILE",
    "The database file; made when it is not there.",
    z.string().min(1, "must not be empty").default("./spanstore.sqlite"),
  ),
  "sqlite.synchronous": option(
    "full|normal",
    "full: an acknowledged span survives a power cut. normal: faster, and the last moments may be lost.",
    z.enum(["full", "normal"]).default("full"),
  ),
  "manticore.url": option(
    "URL,URL",
    "searchd's listener for the MySQL protocol, mysql://user:password@host:9306; mysqls: for TLS. Of several the first that answers is used.",
    words.pipe(z.array(manticoreAddress).min(1, "must name an address")).default(["mysql://127.0.0.1:9306"]),
    { isAddress: true },
  ),
  "manticore.prefix": option(
    "WORD",
    "What the names of the tables begin with.",
    z.string().default("jaeger_"),
  ),
  "manticore.window": option(
    "hour|day|week",
    "How much time a table holds; a store keeps to what it was made with.",
    z.enum(["hour", "day", "week"]).default("day"),
  ),
  "manticore.attributes": option(
    "stored|words|json",
    "How jaeger_spans keeps attributes: to be read, to be found by MATCH too, or as JSON columns that SQL filters by.",
    z.enum(["stored", "words", "json"]).default("stored"),
  ),
  "manticore.ca-file": option(
    "FILE|none",
    "Certificates of authorities to trust with mysqls:, PEM.",
    protection.default("none"),
    { refusesEmpty: true },
  ),
  "manticore.cluster": option(
    "NAME|none",
    "A replication cluster that the tables are made in and written through.",
    z.string().default("none"),
  ),
  "manticore.shards": option(
    "URL,URL|none",
    "Other searchd that hold the spans, each a part, as mysql://host:9306?agent=host:9312; --manticore.url names one that joins their answers.",
    optionalWords.pipe(z.array(manticoreAddress)).default([]),
    { isAddress: true },
  ),
  "elasticsearch.url": option(
    "URL,URL",
    "The nodes, http://user:password@host:9200 or https:. All serve; those that do not answer are passed over.",
    words
      .pipe(z.array(elasticsearchAddress).min(1, "must name an address"))
      .default(["http://127.0.0.1:9200"]),
    { isAddress: true },
  ),
  "elasticsearch.api-key": option(
    "KEY|none",
    "An API key in base64, instead of a user and a password.",
    protection.default("none"),
    { isSecret: true, refusesEmpty: true },
  ),
  "elasticsearch.ca-file": option(
    "FILE|none",
    "Certificates of authorities to trust with https:, PEM.",
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
    "What the names of the indices begin with.",
    z.string().default("spanstore-"),
  ),
  "elasticsearch.window": option(
    "hour|day|week",
    "How much time an index holds; a store keeps to what it was made with.",
    z.enum(["hour", "day", "week"]).default("day"),
  ),
  "elasticsearch.shards": option(
    "NUMBER",
    "Primary shards of each index made from now on.",
    count(1024).default(1),
    { format: String },
  ),
  "elasticsearch.replicas": option(
    "NUMBER|auto",
    "Copies beside the primary shards; auto: one as soon as there is a second node.",
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
    "interval: what is acknowledged is found within the refresh interval. wait: it is found at once, and acknowledged later.",
    z.enum(["interval", "wait"]).default("interval"),
  ),
  "elasticsearch.refresh-interval": option(
    "TIME",
    "The longest time until what was acknowledged is found.",
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
