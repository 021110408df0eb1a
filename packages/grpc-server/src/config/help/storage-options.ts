import type { DescriptionsOf } from "./description.js";

/** Where spans are kept, and for how long. */
export const storageOptions = {
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
  "manticore.attributes": {
    group: "Storage",
    placeholder: "stored|words|json",
    help: "How jaeger_spans keeps attributes: to be read, to be found by MATCH too, or as JSON columns that SQL filters by.",
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
  "manticore.shards": {
    group: "Storage",
    placeholder: "URL,URL|none",
    help: "Other searchd that hold the spans, each a part, as mysql://host:9306?agent=host:9312; --manticore.url names one that joins their answers.",
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
  "elasticsearch.ca-fingerprint": {
    group: "Storage",
    placeholder: "HEX|none",
    help: "SHA-256 fingerprint of the authority's certificate, as Elasticsearch prints it when it first starts.",
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
  "elasticsearch.replicas": {
    group: "Storage",
    placeholder: "NUMBER|auto",
    help: "Copies beside the primary shards; auto: one as soon as there is a second node.",
  },
  "elasticsearch.codec": {
    group: "Storage",
    placeholder: "default|best_compression",
    help: "best_compression takes less space and makes reading a trace slower.",
  },
  "elasticsearch.refresh": {
    group: "Storage",
    placeholder: "interval|wait",
    help: "interval: what is acknowledged is found within the refresh interval. wait: it is found at once, and acknowledged later.",
  },
  "elasticsearch.refresh-interval": {
    group: "Storage",
    placeholder: "TIME",
    help: "The longest time until what was acknowledged is found.",
  },
  "elasticsearch.compression": {
    group: "Storage",
    placeholder: "",
    help: "Compress the bodies of requests and answers.",
  },
  "elasticsearch.timeout": {
    group: "Storage",
    placeholder: "TIME",
    help: "How long one request to Elasticsearch may take.",
  },
  retention: {
    group: "Retention",
    placeholder: "TIME|none",
    help: "How long spans are kept. Older ones are removed, whole tables or indices where the backend has such; the archive keeps its own.",
  },
  "retention-interval": {
    group: "Retention",
    placeholder: "TIME",
    help: "How often old spans are looked for, give or take a fifth.",
  },
} as const satisfies DescriptionsOf;
