import { crc32 } from "node:zlib";

/** CRC-32. SQLite itself has no checksums, and reading does not detect all damage. */
export function checksumOf(data: Uint8Array): number {
  return crc32(data);
}
