/** The keys with a meaning to the translation. Their indexes are their codes. */
export const keyNames = [
  "",
  "span.kind",
  "error",
  "otel.status_code",
  "otel.status_description",
  "http.status_code",
  "http.status_message",
  "w3c.tracestate",
  "otel.scope.name",
  "otel.scope.version",
  "@jaeger@warnings",
  "event",
  "service.name",
  "hostname",
  "host.name",
  "jaeger.version",
  "opencensus.exporterversion",
  "opentracing.ref_type",
] as const;

type KeyName = (typeof keyNames)[number];

function codeOf(name: KeyName): number {
  return keyNames.indexOf(name);
}

export const otherKey = 0;
export const spanKindKey = codeOf("span.kind");
export const errorKey = codeOf("error");
export const statusCodeKey = codeOf("otel.status_code");
export const statusDescriptionKey = codeOf("otel.status_description");
export const httpStatusCodeKey = codeOf("http.status_code");
export const httpStatusMessageKey = codeOf("http.status_message");
export const traceStateKey = codeOf("w3c.tracestate");
export const scopeNameKey = codeOf("otel.scope.name");
export const scopeVersionKey = codeOf("otel.scope.version");
export const warningsKey = codeOf("@jaeger@warnings");
export const eventKey = codeOf("event");
export const serviceNameKey = codeOf("service.name");
export const hostnameKey = codeOf("hostname");
export const hostNameKey = codeOf("host.name");
export const jaegerVersionKey = codeOf("jaeger.version");
export const exporterVersionKey = codeOf("opencensus.exporterversion");
export const refTypeKey = codeOf("opentracing.ref_type");

/** The bytes of each key, by code. */
export const keyBytes: readonly Uint8Array[] = keyNames.map((name) => Uint8Array.from(Buffer.from(name)));

/** The codes of the keys of each length. */
const byLength: number[][] = [];
for (const [code, { length }] of keyBytes.entries()) {
  if (code === otherKey) continue;
  byLength[length] ??= [];
  byLength[length].push(code);
}
for (let length = 0; length < byLength.length; length++) byLength[length] ??= [];

/** The code of the key in this range. */
export function keyCodeAt(bytes: Uint8Array, start: number, end: number): number {
  const codes = byLength[end - start];
  if (codes === undefined) return otherKey;
  for (const code of codes) if (rangeEquals(bytes, start, end, keyBytes[code] as Uint8Array)) return code;
  return otherKey;
}

/** Whether the range holds these bytes. */
export function rangeEquals(bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  if (end - start !== other.length) return false;
  for (let i = other.length - 1; i >= 0; i--) if (bytes[start + i] !== other[i]) return false;
  return true;
}
