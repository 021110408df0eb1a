import { crc32, createInflateRaw } from "node:zlib";
import type { ByteReader } from "./byte-reader.js";
import { createEngine } from "./engine.js";
import { inputFault } from "./input-fault.js";

/** Portions are small, since an error loses the output that the decompressor was writing. */
const portionBytes = 16 * 1024;
const outputBytes = 64 * 1024;

const fixedHeaderBytes = 10;
const trailerBytes = 8;
const hasHeaderCrc = 2;
const hasExtra = 4;
const hasName = 8;
const hasComment = 16;

/** Whether bytes begin with gzip's magic number. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * Unpacks gzip, one member or several; zeros after them are padding. Node's own Gunzip loses its output when the data end
 * early or the checksum is wrong, and silently skips members behind zeros.
 * @throws INVALID_TRACES with the problem and its position, after all intact data before it.
 */
export async function* gunzipped(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  do {
    await passHeader(reader);
    yield* inflated(reader);
    await passZeros(reader);
  } while (isGzip(await reader.peek(2)));
  if ((await reader.peek(1)).length > 0) {
    throw inputFault(`its gzip data are followed by something else, at byte ${reader.taken}`);
  }
}

async function* inflated(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  const inflate = createInflateRaw({ chunkSize: outputBytes });
  const engine = createEngine(inflate);
  let checksum = 0;
  let size = 0;
  try {
    for (;;) {
      const portion = await reader.some(portionBytes);
      const before = inflate.bytesWritten;
      const { parts, ended, error } = await (portion === undefined ? engine.end() : engine.write(portion));
      for (const part of parts) {
        checksum = crc32(part, checksum);
        size = (size + part.length) % 2 ** 32;
        yield part;
      }
      if (portion === undefined && error !== undefined) throw endsEarly(reader);
      if (error !== undefined) throw damaged(error.message, reader);
      if (ended && portion !== undefined) reader.putBack(portion.subarray(inflate.bytesWritten - before));
      if (ended) break;
    }
  } finally {
    engine.close();
  }
  const trailer = Buffer.from(await reader.take(trailerBytes));
  if (trailer.length < trailerBytes) throw endsEarly(reader);
  if (trailer.readUInt32LE(0) !== checksum)
    throw damaged("the checksum of what is in them is another", reader);
  if (trailer.readUInt32LE(4) !== size) throw damaged("the size of what is in them is another", reader);
}

async function passHeader(reader: ByteReader): Promise<void> {
  const [, , method, flags = 0] = await takeAll(reader, fixedHeaderBytes);
  if (method !== 8) throw damaged(`they are packed by method ${method}, which is none`, reader);
  if ((flags & hasExtra) !== 0) {
    const length = Buffer.from(await takeAll(reader, 2)).readUInt16LE();
    await takeAll(reader, length);
  }
  if ((flags & hasName) !== 0) await passText(reader);
  if ((flags & hasComment) !== 0) await passText(reader);
  if ((flags & hasHeaderCrc) !== 0) await takeAll(reader, 2);
}

async function passText(reader: ByteReader): Promise<void> {
  while ((await takeAll(reader, 1))[0] !== 0);
}

async function passZeros(reader: ByteReader): Promise<void> {
  for (;;) {
    const portion = await reader.some(portionBytes);
    if (portion === undefined) return;
    const end = portion.findIndex((byte) => byte !== 0);
    if (end < 0) continue;
    reader.putBack(portion.subarray(end));
    return;
  }
}

async function takeAll(reader: ByteReader, count: number): Promise<Uint8Array> {
  const bytes = await reader.take(count);
  if (bytes.length < count) throw endsEarly(reader);
  return bytes;
}

function endsEarly(reader: ByteReader): Error {
  return inputFault(`its gzip data end early, at byte ${reader.taken}`, "the file was cut off");
}

function damaged(why: string, reader: ByteReader): Error {
  return inputFault(`its gzip data are damaged at or before byte ${reader.taken}: ${why}`);
}
