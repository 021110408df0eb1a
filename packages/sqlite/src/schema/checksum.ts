import { crc32 } from "node:zlib";

/** CRC-32: SQLite has none of its own, and not every damage shows when bytes are read. */
export function checksumOf(data: Uint8Array): number {
  return crc32(data);
}
