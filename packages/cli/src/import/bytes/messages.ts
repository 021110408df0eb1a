import type { ByteReader } from "./byte-reader.js";
import { createByteReader } from "./byte-reader.js";
import { inputFault } from "./input-fault.js";
import { isZstd, unzstd } from "./zstd.js";

/** Longer messages are refused: no exporter writes them, so a greater length is damaged. */
const maxMessageBytes = 512 * 1024 * 1024;
const resourceSpansTag = 0x0a;

/** A message of a file, and its position. */
export interface EncodedMessage {
  readonly bytes: Uint8Array;
  /** Counts from 1. */
  readonly number: number;
}

/**
 * Reads messages that each follow their length in four bytes, as the OpenTelemetry collector's file exporter writes them
 * with `format: proto`. With `compression: zstd` each is packed by itself, also JSON.
 */
export async function* framedMessages(reader: ByteReader): AsyncGenerator<EncodedMessage, void, undefined> {
  for (let number = 1; ; number++) {
    const length = Buffer.from(await reader.take(4));
    if (length.length === 0) return;
    if (length.length < 4) throw endsEarly(number);
    const bytes = await takeMessage(reader, length.readUInt32BE(), number);
    yield { bytes: isZstd(bytes) ? await unpacked(bytes) : bytes, number };
  }
}

/** Reads messages that each follow their length as a varint, as protobuf's writeDelimitedTo writes them. */
export async function* delimitedMessages(
  reader: ByteReader,
): AsyncGenerator<EncodedMessage, void, undefined> {
  for (let number = 1; (await reader.peek(1)).length > 0; number++) {
    const length = await takeVarint(reader, number);
    yield { bytes: await takeMessage(reader, length, number), number };
  }
}

/** Reads one message, such as a request to Export, and yields each of its ResourceSpans as a message. */
export async function* partsOfMessage(reader: ByteReader): AsyncGenerator<EncodedMessage, void, undefined> {
  for (let number = 1; (await reader.peek(1)).length > 0; number++) {
    const [tag] = await reader.take(1);
    if (tag !== resourceSpansTag) {
      throw inputFault(
        `it is no TracesData of OTLP: a field begins with byte ${tag}, at byte ${reader.taken - 1}`,
      );
    }
    const head = await reader.peek(10);
    const length = await takeVarint(reader, number);
    const part = await takeMessage(reader, length, number);
    const prefix = head.slice(0, varintSize(head));
    yield { bytes: Buffer.concat([Uint8Array.of(resourceSpansTag), prefix, part]), number };
  }
}

async function takeMessage(reader: ByteReader, length: number, number: number): Promise<Uint8Array> {
  if (length > maxMessageBytes) {
    throw inputFault(`message ${number} says that it has ${length} bytes, and 512 MiB are the most`);
  }
  const bytes = await reader.take(length);
  if (bytes.length < length) throw endsEarly(number);
  return bytes;
}

async function takeVarint(reader: ByteReader, number: number): Promise<number> {
  let value = 0;
  for (let factor = 1; factor < 2 ** 35; factor *= 128) {
    const [byte] = await reader.take(1);
    if (byte === undefined) throw endsEarly(number);
    value += (byte & 127) * factor;
    if (byte < 128) return value;
  }
  throw inputFault(`the length of message ${number} is none`);
}

function varintSize(bytes: Uint8Array): number {
  return bytes.findIndex((byte) => byte < 128) + 1;
}

async function unpacked(bytes: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of unzstd(createByteReader(oneOf(bytes)))) {
    size += part.length;
    if (size > maxMessageBytes) throw inputFault("a message has more than 512 MiB when it is unpacked");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

function endsEarly(number: number): Error {
  return inputFault(`it ends within message ${number}`, "the file was cut off");
}
