/** Attributes of OpenTelemetry's libraries, which belong to the process. */
const libraryKeys: ReadonlySet<string> = new Set([
  "telemetry.sdk.language",
  "telemetry.sdk.name",
  "telemetry.sdk.version",
  "telemetry.distro.name",
  "telemetry.distro.version",
]);

/** Attributes in which old clients write IPv4 addresses as numbers. */
const addressKeys: ReadonlySet<string> = new Set(["ip", "peer.ipv4"]);

export const warningsAttribute = "@jaeger@warnings";

/** The adjustment that an attribute needs; most need none. */
export type Concern = "library" | "address" | "warnings" | undefined;

const lengths: ReadonlySet<number> = new Set(
  [...libraryKeys, ...addressKeys, warningsAttribute].map((key) => key.length),
);

const keyTag = 0x0a;

/** The adjustment that the KeyValue in this range needs. */
export function concernOf(bytes: Uint8Array, start: number, end: number): Concern {
  // Every encoder writes the key first, and its length in one byte.
  const length = bytes[start + 1] as number;
  if (end - start < 2 || bytes[start] !== keyTag || !lengths.has(length)) return undefined;
  const key = keyOf(bytes, start);
  if (libraryKeys.has(key)) return "library";
  if (addressKeys.has(key)) return "address";
  return key === warningsAttribute ? "warnings" : undefined;
}

/** The key of a KeyValue that has a concern. */
export function keyOf(bytes: Uint8Array, start: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start + 2, bytes[start + 1]).toString("latin1");
}

const traceIdTag = 0x0a;

/** Whether the Link in this range names no trace. */
export function isEmptyLink(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 2 || bytes[start] !== traceIdTag) return true;
  const idEnd = Math.min(end, start + 2 + (bytes[start + 1] as number));
  for (let at = start + 2; at < idEnd; at++) if (bytes[at] !== 0) return false;
  return true;
}
