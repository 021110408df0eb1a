import type { DescriptionsOf } from "./description.js";

/** Where the server listens, who may call, and whose spans they are. */
export const accessOptions = {
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
  "http.max-span-series": {
    group: "Network",
    placeholder: "NUMBER",
    help: "Series of /metrics/spans; those beyond are counted in one more.",
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
} as const satisfies DescriptionsOf;
