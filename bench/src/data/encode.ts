import { Buffer } from "node:buffer";
import {
  createWriter,
  putRaw,
  putVarint,
  reserve,
  varintLength,
  type Writer,
  written,
} from "../wire/writer.js";
import { spansPerTrace } from "./flows.js";
import type { ResourceTemplate } from "./resources.js";
import { resources } from "./resources.js";
import {
  endUserAttribute,
  events,
  failedStatus,
  linkAttributes,
  messageId,
  requestId,
  templates,
  variable,
} from "./span-template.js";
import { createDraft, type DataSet, draftTrace, type TraceDraft } from "./trace.js";
import { attemptsOf, hasFailed, httpStatus, linksOf, queueDepth, returnedRows, score } from "./values.js";
import { endUsers, instancesPerService } from "./vocabulary.js";

/** The virtual end of a data set as two 32-bit words, for times written without bigint. */
export interface TimeBase {
  readonly high: number;
  readonly low: number;
}

export function timeBase(endNano: bigint): TimeBase {
  return { high: Number(endNano >> 32n), low: Number(endNano & 0xffff_ffffn) };
}

const endUserAttributes: readonly Buffer[] = Array.from({ length: endUsers }, (_, user) =>
  endUserAttribute(user),
);
const hexDigits = Buffer.from("0123456789abcdef", "latin1");
const twoTo32 = 0x1_0000_0000;

function putWord(bytes: Buffer, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

function putHexWord(bytes: Buffer, at: number, word: number): void {
  for (let i = 0; i < 8; i++) bytes[at + i] = hexDigits[(word >>> (28 - 4 * i)) & 15] as number;
}

function putTime(bytes: Buffer, at: number, base: TimeBase, offset: number): void {
  const low = base.low + offset;
  const carry = Math.floor(low / twoTo32);
  bytes.writeUInt32LE(low - carry * twoTo32, at);
  bytes.writeUInt32LE(base.high + carry, at + 4);
}

function pick(list: readonly Buffer[], random: number): Buffer {
  return list[random % list.length] as Buffer;
}

/** Appends one span as ScopeSpans.spans (field 2), tag and length included. */
export function putSpan(writer: Writer, draft: TraceDraft, i: number, base: TimeBase): void {
  reserve(writer, 2048);
  const start = writer.length;
  const { bytes } = writer;
  bytes[start] = 0x12;
  let at = start + 3;

  bytes[at++] = 0x0a;
  bytes[at++] = 16;
  for (let word = 0; word < 4; word++, at += 4) putWord(bytes, at, draft.traceId[word] as number);
  bytes[at++] = 0x12;
  bytes[at++] = 8;
  putWord(bytes, at, draft.spanId[2 * i] as number);
  putWord(bytes, at + 4, draft.spanId[2 * i + 1] as number);
  at += 8;
  const slot = draft.flow.slots[i];
  const template = templates[draft.flowIndex]?.[i];
  if (slot === undefined || template === undefined)
    throw new Error(`no slot ${i} in flow ${draft.flowIndex}`);
  if (slot.parent >= 0) {
    bytes[at++] = 0x22;
    bytes[at++] = 8;
    putWord(bytes, at, draft.spanId[2 * slot.parent] as number);
    putWord(bytes, at + 4, draft.spanId[2 * slot.parent + 1] as number);
    at += 8;
  }
  bytes.set(template.head, at);
  at += template.head.length;
  const startOffset = draft.start[i] as number;
  const endOffset = startOffset + (draft.duration[i] as number);
  bytes[at] = 0x39;
  putTime(bytes, at + 1, base, startOffset);
  bytes[at + 9] = 0x41;
  putTime(bytes, at + 10, base, endOffset);
  at += 18;

  const put = (attribute: Buffer): void => {
    bytes.set(attribute, at);
    at += attribute.length;
  };
  const noise = draft.noise[i] as number;
  const failed = hasFailed(draft, i);
  put(requestId.bytes);
  putHexWord(bytes, at - 16, draft.requestId[2 * i] as number);
  putHexWord(bytes, at - 8, draft.requestId[2 * i + 1] as number);
  put(variable.tenant[draft.tenant] as Buffer);
  put(variable.experiment[draft.experiment[i] as number] as Buffer);
  put(pick(variable.threadId, noise));
  put(template.fixed);
  switch (slot.role) {
    case "server":
      put(variable.httpStatus[httpStatus.indexOf(draft, i)] as Buffer);
      put(variable.userAgent[draft.userAgent] as Buffer);
      put(endUserAttributes[draft.endUser] as Buffer);
      break;
    case "rpcServer":
      put(variable.rpcStatus[failed ? 1 + ((noise >>> 6) & 1) : 0] as Buffer);
      put(pick(variable.peerAddress, noise >>> 8));
      break;
    case "rpcClient":
      put(variable.rpcStatus[failed ? 1 + ((noise >>> 6) & 1) : 0] as Buffer);
      break;
    case "database":
      put(variable.rows[returnedRows.indexOf(draft, i)] as Buffer);
      break;
    case "internal":
      put(pick(variable.cacheHit, noise >>> 6));
      put(variable.queueDepth[queueDepth.indexOf(draft, i)] as Buffer);
      put(variable.score[score.indexOf(draft, i)] as Buffer);
      break;
    default:
      put(messageId.bytes);
      putHexWord(bytes, at - 16, noise);
      putHexWord(bytes, at - 8, draft.requestId[2 * i] as number);
      put(pick(variable.partition, noise >>> 8));
      put(pick(variable.bodySize, noise >>> 12));
  }
  if (failed) {
    const halfway = startOffset + Math.floor((draft.duration[i] as number) / 2);
    for (const [attempt, type] of attemptsOf(draft, i).entries()) {
      const rest = events.exceptions[attempt]?.[type] as Buffer;
      at = putEvent(bytes, at, base, attempt === 0 ? halfway : endOffset, rest);
    }
  } else if (noise >>> 28 === 0) {
    at = putEvent(bytes, at, base, startOffset, events.cacheMiss);
  }
  if (slot.role === "consumer") at = putLinks(bytes, at, draft, i, slot.parent);
  if (failed) put(failedStatus[draft.errorType] as Buffer);
  // Span.flags: sampled, and known whether the parent is remote.
  bytes[at] = 0x85;
  bytes[at + 1] = 0x01;
  bytes.writeUInt32LE(0x101, at + 2);
  at += 6;

  const length = at - start - 3;
  if (length < 128 || length >= 16384)
    throw new Error(`a span of ${length} bytes does not fit its length field`);
  bytes[start + 1] = (length & 127) | 128;
  bytes[start + 2] = length >>> 7;
  writer.length = at;
}

function putEvent(bytes: Buffer, at: number, base: TimeBase, offset: number, rest: Buffer): number {
  const from = putShortLength(bytes, at, 0x5a, 9 + rest.length);
  bytes[from] = 0x09;
  putTime(bytes, from + 1, base, offset);
  bytes.set(rest, from + 9);
  return from + 9 + rest.length;
}

/** The first link is to the producer, a second one to a trace that is not stored. */
function putLinks(bytes: Buffer, start: number, draft: TraceDraft, i: number, producer: number): number {
  let at = start;
  for (const [index, { position, reason }] of linksOf(draft, i).entries()) {
    const attributes = linkAttributes[reason]?.[position] as Buffer;
    at = putShortLength(bytes, at, 0x6a, 28 + attributes.length);
    bytes[at++] = 0x0a;
    bytes[at++] = 16;
    for (let word = 0; word < 4; word++, at += 4) {
      putWord(bytes, at, (draft.traceId[word] as number) ^ (index === 0 ? 0 : 0x5a5a5a5a));
    }
    bytes[at++] = 0x12;
    bytes[at++] = 8;
    putWord(bytes, at, draft.spanId[2 * producer] as number);
    putWord(bytes, at + 4, draft.spanId[2 * producer + 1] as number);
    at += 8;
    bytes.set(attributes, at);
    at += attributes.length;
  }
  return at;
}

/** The tag and the length of a message of less than 16 KiB; returns where its content begins. */
function putShortLength(bytes: Buffer, at: number, tag: number, length: number): number {
  bytes[at] = tag;
  if (length < 128) {
    bytes[at + 1] = length;
    return at + 2;
  }
  bytes[at + 1] = (length & 127) | 128;
  bytes[at + 2] = length >>> 7;
  return at + 3;
}

/** Appends ResourceSpans (field 1 of an Export request or of TracesData) around encoded spans. */
export function putResourceSpans(writer: Writer, template: ResourceTemplate, spans: Uint8Array): void {
  const scopeLength = template.scope.length + spans.length;
  const length = template.resource.length + 1 + varintLength(scopeLength) + scopeLength;
  putVarint(writer, 0x0a);
  putVarint(writer, length);
  putRaw(writer, template.resource);
  putVarint(writer, 0x12);
  putVarint(writer, scopeLength);
  putRaw(writer, template.scope);
  putRaw(writer, spans);
}

/** Encodes Export requests of a data set; holds buffers that every batch reuses. */
export interface BatchEncoder {
  /**
   * The traces of ages `oldest` down to `newest` as one ExportTraceServiceRequest, its spans grouped by
   * resource. `seat` restricts it to the spans of one of each trace's three services.
   */
  encode(oldest: number, newest: number, seat?: number): Buffer;
}

export function createBatchEncoder(set: DataSet): BatchEncoder {
  const base = timeBase(set.endNano);
  const draft = createDraft();
  const groups = resources.map(() => createWriter(8192));
  const used: number[] = [];
  const request = createWriter(1 << 20);
  return {
    encode(oldest, newest, seat) {
      used.length = 0;
      for (let age = oldest; age >= newest; age--) {
        draftTrace(set, age, draft);
        for (let i = 0; i < spansPerTrace; i++) {
          const slot = draft.flow.slots[i];
          if (slot === undefined || (seat !== undefined && slot.seat !== seat)) continue;
          const resource = slot.service * instancesPerService + (draft.instance[slot.seat] as number);
          const group = groups[resource] as Writer;
          if (group.length === 0) used.push(resource);
          putSpan(group, draft, i, base);
        }
      }
      request.length = 0;
      for (const resource of used) {
        const group = groups[resource] as Writer;
        putResourceSpans(
          request,
          resources[resource] as ResourceTemplate,
          group.bytes.subarray(0, group.length),
        );
        group.length = 0;
      }
      return written(request);
    },
  };
}
