import type { OptionName } from "./options.js";

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
  "http.listen": {
    group: "Network",
    placeholder: "HOST:PORT|none",
    help: "Where the page, Jaeger's query API and OTLP's /v1/traces are served over HTTP.",
  },
  "http.cors-origins": {
    group: "Network",
    placeholder: "URL,URL|none",
    help: "Origins of browsers that may call over HTTP, or * for every one.",
  },
  "http.ui-dir": {
    group: "Network",
    placeholder: "DIR|none",
    help: "Built files of Jaeger's UI, which is served in place of the page.",
  },
  "http.max-clock-skew": {
    group: "Network",
    placeholder: "TIME",
    help: "How far the times of a span may be moved to fit into those of its parent, in traces that HTTP shows.",
  },
  "all-in-one": {
    group: "Network",
    placeholder: "",
    help: "Open the ports of Jaeger's all-in-one, too, on the host of --listen: 4317 for OTLP over gRPC, 4318 for OTLP over HTTP, 16686 for the page and the query API.",
  },
  "tls.cert-file": {
    group: "Security",
    placeholder: "FILE|none",
    help: "The server's certificate, and those between it and its authority, PEM. Read again when it changes.",
  },
  "tls.key-file": {
    group: "Security",
    placeholder: "FILE|none",
    help: "The certificate's private key, PEM.",
  },
  "tls.client-ca-file": {
    group: "Security",
    placeholder: "FILE|none",
    help: "Let in only clients with a certificate of these authorities, PEM. /healthz and /readyz ask for none.",
  },
  "tls.min-version": {
    group: "Security",
    placeholder: "1.2|1.3",
    help: "The oldest version of TLS that is spoken.",
  },
  "tls.admin": {
    group: "Security",
    placeholder: "true|false",
    help: "Whether the admin port speaks TLS too, where there is a certificate.",
  },
  "auth.tokens-file": {
    group: "Security",
    placeholder: "FILE|none",
    help: "Bearer tokens, a line each: read, write or all, the token, perhaps name=NAME and tenants=NAME,NAME. Read again when it changes.",
  },
  "auth.tokens": {
    group: "Security",
    placeholder: "ROLE:TOKEN,ROLE:TOKEN",
    help: "Bearer tokens beside those of the file; better in the environment than on the command line.",
  },
  "reload.interval": {
    group: "Security",
    placeholder: "TIME",
    help: "How often the files of certificates and tokens are looked at for changes.",
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
    help: "The tenants that are served, by name or by a pattern with * in it; others are refused.",
  },
  "tenancy.required": {
    group: "Tenants",
    placeholder: "true|false",
    help: "Whether calls that name no tenant are refused; else they have a store of their own.",
  },
  "tenancy.retention": {
    group: "Tenants",
    placeholder: "NAME=TIME,NAME=TIME",
    help: "How long spans of these tenants are kept, in place of --retention. A name may have * in it; the first that fits counts.",
  },
  "tenancy.bytes-per-second": {
    group: "Tenants",
    placeholder: "NAME=SIZE,NAME=SIZE",
    help: "How much these tenants may write in a second, in place of --limits.bytes-per-second. Names as above.",
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
    help: "Requests to write, of all callers together, that arrive or are not durable yet; more are refused, and streams held back.",
  },
  "limits.arrival-time": {
    group: "Limits",
    placeholder: "TIME",
    help: "How long a request may take to arrive, once its call has begun; a slower one ends with DEADLINE_EXCEEDED.",
  },
  "limits.connections": {
    group: "Limits",
    placeholder: "NUMBER",
    help: "Connections to the ports of gRPC, and to each of HTTP; fewer where the process may open few files. One more to gRPC takes the place of the one that has been idle for longest.",
  },
  "limits.calls": {
    group: "Limits",
    placeholder: "NUMBER",
    help: "Calls of all connections at the same time, those over HTTP included; more are refused.",
  },
  "limits.calls-per-connection": {
    group: "Limits",
    placeholder: "NUMBER",
    help: "Calls of one connection at the same time; clients wait with more.",
  },
  "limits.bytes-per-second": {
    group: "Limits",
    placeholder: "SIZE|none",
    help: "How much each tenant, or all callers where there are no tenants, may write in a second; more is refused, and told when to come again.",
  },
  "limits.span-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "The largest span. One beyond this or a limit below is a dead letter.",
  },
  "limits.name-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "The longest name of a service, span, event or scope, key of an attribute, or trace state.",
  },
  "limits.value-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "The largest value of an attribute, or message of a status.",
  },
  "limits.attributes": {
    group: "Limits",
    placeholder: "NUMBER",
    help: "The most attributes of one span, event, link, scope or resource.",
  },
  "limits.query-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "The largest question, such as a filter.",
  },
  "limits.header-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "Names and values of a call's headers together.",
  },
  "dead-letters.file": {
    group: "Limits",
    placeholder: "FILE|none",
    help: "Where spans go that can never be stored, as lines of JSON. Without it the log says how they begin.",
  },
  "dead-letters.max-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "What that file, and the one before it with .1 after its name, may occupy together.",
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
