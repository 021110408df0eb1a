import { createZstdDecompress } from "node:zlib";
import type { ByteReader } from "./byte-reader.js";
import { createEngine, type Engine } from "./engine.js";
import { inputFault } from "./input-fault.js";

const magic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const skippableMask = 0xfffffff0;
/** The lengths of a frame's dictionary id and content size, by the bits of its descriptor. */
const dictionaryBytes = [0, 1, 2, 4];
const contentSizeBytes = [0, 2, 4, 8];
const rleBlock = 1;
const reservedBlock = 3;

/** Whether bytes begin with a magic number of zstd. */
export function isZstd(head: Uint8Array): boolean {
  return head.length >= 4 && isMagic(Buffer.from(head.subarray(0, 4)).readUInt32LE());
}

function isMagic(number: number): boolean {
  return number === magic || isSkippable(number);
}

function isSkippable(number: number): boolean {
  return (number & skippableMask) >>> 0 === skippableMagic;
}

/**
 * Unpacks zstd, frame by frame. It finds the frames itself, because Node's decompressor skips the bytes behind the first
 * frame in a portion, and accepts a frame that ends early.
 * @throws INVALID_TRACES with the problem and its position, after all intact data before it.
 */
export async function* unzstd(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  // Node.js has it since 22.15.
  if (typeof createZstdDecompress !== "function") {
    throw inputFault(
      `it is packed by zstd, which Node.js ${process.versions.node} does not unpack`,
      "take Node.js 22.15 or later, or unpack it with zstd --decompress",
    );
  }
  for (;;) {
    const head = Buffer.from(await reader.peek(4));
    if (head.length === 0) return;
    if (head.length < 4) throw endsEarly(reader);
    const number = head.readUInt32LE();
    if (isSkippable(number)) await passSkippable(reader);
    else if (number === magic) yield* frame(reader);
    else throw inputFault(`its zstd data are followed by something else, at byte ${reader.taken}`);
  }
}

async function passSkippable(reader: ByteReader): Promise<void> {
  const size = (await takeAll(reader, 8)).readUInt32LE(4);
  for (let left = size; left > 0; ) {
    const portion = await reader.some(left);
    if (portion === undefined) throw endsEarly(reader);
    left -= portion.length;
  }
}

async function* frame(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  const engine = createEngine(createZstdDecompress());
  try {
    const { header, hasChecksum } = await takeHeader(reader);
    yield* fed(engine, header, reader);
    for (let isLast = false; !isLast; ) {
      const block = await takeAll(reader, 3);
      const bits = block.readUIntLE(0, 3);
      isLast = (bits & 1) === 1;
      const type = (bits >> 1) & 3;
      const size = type === rleBlock ? 1 : bits >> 3;
      if (type === reservedBlock) throw damaged("a block is of no type", reader);
      yield* fed(engine, Buffer.concat([block, await takeAll(reader, size)]), reader);
    }
    if (hasChecksum) yield* fed(engine, await takeAll(reader, 4), reader);
    const { parts, error } = await engine.end();
    yield* parts;
    if (error !== undefined) throw damaged(error.message, reader);
  } finally {
    engine.close();
  }
}

async function takeHeader(
  reader: ByteReader,
): Promise<{ readonly header: Buffer; readonly hasChecksum: boolean }> {
  const start = await takeAll(reader, 5);
  const descriptor = start[4] as number;
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeBits = descriptor >> 6;
  const contentSize = sizeBits === 0 && isSingle ? 1 : (contentSizeBytes[sizeBits] as number);
  const rest = (isSingle ? 0 : 1) + (dictionaryBytes[descriptor & 3] as number) + contentSize;
  return {
    header: Buffer.concat([start, await takeAll(reader, rest)]),
    hasChecksum: (descriptor & 4) !== 0,
  };
}

async function* fed(
  engine: Engine,
  bytes: Uint8Array,
  reader: ByteReader,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { parts, error } = await engine.write(bytes);
  yield* parts;
  if (error !== undefined) throw damaged(error.message, reader);
}

async function takeAll(reader: ByteReader, count: number): Promise<Buffer> {
  const bytes = await reader.take(count);
  if (bytes.length < count) throw endsEarly(reader);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function endsEarly(reader: ByteReader): Error {
  return inputFault(`its zstd data end early, at byte ${reader.taken}`, "the file was cut off");
}

function damaged(why: string, reader: ByteReader): Error {
  return inputFault(`its zstd data are damaged at or before byte ${reader.taken}: ${why}`);
}
