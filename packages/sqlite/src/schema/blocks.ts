import { deflateRawSync, inflateRawSync } from "node:zlib";
import { SpanStoreError } from "@spanstore/core";
import { checksumOf } from "./checksum.js";

/** A block, whose fragments are compressed together, is full at this many bytes. */
export const targetBlockBytes = 32 * 1024;

const idBytes = 6;

/** Within a block, a trace id precedes the bytes of each fragment. */
export const traceIdBytes = 16;

/** The ids of a block's fragments, six bytes each. */
export function encodeIds(ids: readonly number[]): Buffer {
  const encoded = Buffer.alloc(ids.length * idBytes);
  ids.forEach((id, i) => {
    encoded.writeUIntLE(id, i * idBytes, idBytes);
  });
  return encoded;
}

export function decodeIds(encoded: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 0; at < encoded.length; at += idBytes) ids.push(encoded.readUIntLE(at, idBytes));
  return ids;
}

/** Level 1 takes a third of the default level's time and a few percent more space. */
export function compressBlock(raw: Uint8Array): Buffer {
  return deflateRawSync(raw, { level: 1, memLevel: 9, chunkSize: Math.max(1024, raw.length) });
}

/**
 * @param checksum null for a block of schema version 1.
 * @throws CORRUPT when the bytes differ from those written.
 */
export function decompressBlock(data: Uint8Array, size: number, checksum: number | null): Buffer {
  if (checksum !== null && checksumOf(data) !== checksum) {
    throw new SpanStoreError("CORRUPT", "a block of spans is damaged: its checksum differs", {
      hint: "restore the file, or check it with PRAGMA integrity_check",
    });
  }
  try {
    const raw = inflateRawSync(data, { chunkSize: Math.max(64, size), maxOutputLength: Math.max(1, size) });
    if (raw.length === size) return raw;
  } catch (error) {
    throw new SpanStoreError("CORRUPT", "a block of spans is damaged: it cannot be decompressed", {
      cause: error,
    });
  }
  throw new SpanStoreError("CORRUPT", "a block of spans is damaged: bytes are missing");
}
