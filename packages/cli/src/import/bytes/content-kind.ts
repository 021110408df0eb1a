import { isGzip } from "./gzip.js";
import { isZstd } from "./zstd.js";

/** The format of an input, by its first bytes. */
export type ContentKind =
  | "nothing"
  | "gzip"
  | "zstd"
  | "text"
  | "utf-16le"
  | "utf-16be"
  /** Encoded messages, each behind its length: four bytes, as the OpenTelemetry collector writes them, or a varint. */
  | "framed"
  | "delimited"
  /** One encoded message. */
  | "message"
  | "unknown";

/** The number of bytes that decide the kind. */
export const headBytes = 256;

const newline = 0x0a;
/** The tag of `resource_spans`, and of `resource` within it. */
const firstField = 0x0a;

const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
/** The record separator stands before each text of RFC 7464. */
const recordSeparator = 0x1e;

/** @param head the first {@link headBytes} bytes of the input, or all of a shorter one. */
export function contentKindOf(head: Uint8Array): ContentKind {
  if (head.length === 0) return "nothing";
  if (isGzip(head)) return "gzip";
  if (isZstd(head)) return "zstd";
  const utf16 = utf16Of(head);
  if (utf16 !== undefined) return utf16;
  if (begins(head, 0xef, 0xbb, 0xbf) || !head.some(isControl)) return "text";
  return binaryKindOf(head);
}

/** Recognizes UTF-16 by its mark, or by the zeros beside the first characters of JSON. */
function utf16Of(head: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  const [a, b, c, d] = head;
  if (begins(head, 0xff, 0xfe) && (c !== 0 || d !== 0)) return "utf-16le";
  if (begins(head, 0xfe, 0xff)) return "utf-16be";
  if (begins(head, 0xff, 0xfe) || a === undefined || b === undefined) return undefined;
  if (isJsonStart(a) && b === 0 && d === 0 && c !== 0) return "utf-16le";
  if (isJsonStart(b) && a === 0 && c === 0 && d !== 0) return "utf-16be";
  return undefined;
}

function isJsonStart(byte: number): boolean {
  return byte === 0x7b || byte === 0x5b || isSpace(byte);
}

function isControl(byte: number): boolean {
  return byte < 0x20 && !isSpace(byte) && byte !== recordSeparator;
}

function binaryKindOf(head: Uint8Array): ContentKind {
  // No collector writes a message of more than 150 MB.
  if ((head[0] as number) < 0x09 && (head[4] === firstField || isZstd(head.subarray(4)))) return "framed";
  if (head[0] === newline) return "message";
  const at = varintEnd(head);
  return at > 0 && head[at] === firstField ? "delimited" : "unknown";
}

function varintEnd(head: Uint8Array): number {
  for (let i = 0; i < 5; i++) if ((head[i] ?? 0x80) < 0x80) return i + 1;
  return 0;
}

function begins(bytes: Uint8Array, ...start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

const known: readonly (readonly [what: string, start: readonly number[]])[] = [
  ["a zip archive: unpack it first", [0x50, 0x4b, 0x03, 0x04]],
  ["packed by bzip2: unpack it first", [0x42, 0x5a, 0x68]],
  ["packed by xz: unpack it first", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["packed by lz4: unpack it first", [0x04, 0x22, 0x4d, 0x18]],
  [
    "a database of SQLite: read it with spanstore copy --from=sqlite:FILE",
    [...Buffer.from("SQLite format 3")],
  ],
  ["UTF-32, which is not read: convert it to UTF-8", [0xff, 0xfe, 0x00, 0x00]],
  ["UTF-32, which is not read: convert it to UTF-8", [0x00, 0x00, 0xfe, 0xff]],
];

const longestShown = 24;

/** Describes a file that holds no traces. */
export function otherContent(head: Uint8Array): string {
  const found = known.find(([, start]) => begins(head, ...start));
  if (found !== undefined) return `it is ${found[0]}`;
  const bytes = Buffer.from(head.subarray(0, longestShown / 2))
    .toString("hex")
    .replace(/../g, " $&");
  return `it is neither JSON nor OTLP's protobuf: its first bytes are${bytes}`;
}
