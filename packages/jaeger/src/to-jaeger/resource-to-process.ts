import type { WireWriter } from "@spanstore/core/otlp";
import { Cursor } from "@spanstore/core/otlp";
import { keptTag, noServiceName } from "../model/kept.js";
import { hostnameKey, jaegerVersionKey, keyBytes, serviceNameKey } from "../model/keys.js";
import { Pairs, Rows, stringType } from "../model/pairs.js";
import { malformed } from "../model/refuse.js";
import { attribute, hostnameSource, jaegerVersionSource, literal, Script } from "../model/tag-script.js";
import { Kept, readScript } from "../to-otlp/read-kept.js";
import { jaegerVersionPrefix } from "../to-otlp/write-attribute.js";
import { readAttribute } from "./read-attribute.js";
import { writeRenamedTag, writeTag, writeTextTag } from "./write-tag.js";

const serviceNameTag = 0x0a;
const tagsTag = 0x12;
const hostnameBytes = keyBytes[hostnameKey] as Uint8Array;
const jaegerVersionBytes = keyBytes[jaegerVersionKey] as Uint8Array;

const pairs = new Pairs();
const kept = new Kept();
const script = new Script();
/** Rows of the attributes that are tags. */
const rows = new Rows();
/** Whether the kept fields hold the service's name. */
let hasService = false;

/**
 * Writes OTLP's Resource as the process field of a span; nothing when the span came without a process.
 * @throws INVALID_TRACES, without a field, when the bytes are no Resource.
 */
export function writeProcess(writer: WireWriter, field: number, resource: Uint8Array): void {
  readResource(resource);
  if (kept.absent) return;
  const end = writer.mark();
  writer.range(resource, kept.fieldsStart, kept.fieldsEnd);
  if (kept.tagsStart >= 0 && readScript(script, resource, kept.tagsStart, kept.tagsEnd, rows.length)) {
    for (let i = script.length - 1; i >= 0; i--) writeFromScript(writer, i);
  } else {
    for (let i = rows.length - 1; i >= 0; i--) writeTag(writer, tagsTag, pairs, rows.row[i] as number);
  }
  if (!hasService) writeService(writer);
  writer.message(field, end);
}

function readResource(resource: Uint8Array): void {
  let keptStart = 0;
  let keptEnd = 0;
  pairs.reset(resource);
  const cursor = new Cursor(resource);
  while (cursor.pos < cursor.end) {
    const tag = cursor.tag();
    if (tag === 0x0a) {
      readAttribute(pairs, cursor, cursor.lengthEnd());
    } else if (tag === keptTag) {
      keptEnd = cursor.lengthEnd();
      keptStart = cursor.pos;
      cursor.pos = keptEnd;
    } else {
      cursor.skip(tag);
    }
  }
  hasService = false;
  kept.read(resource, keptStart, keptEnd, readFields);
  rows.clear();
  for (let row = 0; row < pairs.length; row++) if (pairs.key[row] !== serviceNameKey) rows.add(row);
}

function readFields({ fieldsStart, fieldsEnd }: Kept): void {
  const cursor = new Cursor(pairs.bytes, fieldsStart, fieldsEnd);
  while (cursor.pos < fieldsEnd) {
    const tag = cursor.tag();
    cursor.skip(tag);
    if (tag === serviceNameTag) hasService = true;
    else if (tag === tagsTag) malformed("fields that are not kept");
  }
}

function writeService(writer: WireWriter): void {
  if (pairs.length === 0) {
    writer.field(serviceNameTag, noServiceName, 0, noServiceName.length);
    return;
  }
  const row = pairs.find(serviceNameKey);
  if (row < 0 || pairs.type[row] !== stringType) return;
  const start = pairs.valueStart[row] as number;
  const end = pairs.valueEnd[row] as number;
  if (end > start) writer.field(serviceNameTag, pairs.bytes, start, end);
}

function writeFromScript(writer: WireWriter, i: number): void {
  const at = script.at[i] as number;
  switch (script.source[i]) {
    case attribute:
      writeTag(writer, tagsTag, pairs, rows.row[at] as number);
      break;
    case literal:
      writer.field(tagsTag, pairs.bytes, at, script.end[i] as number);
      break;
    case hostnameSource:
      writeRenamedTag(writer, tagsTag, hostnameBytes, pairs, rows.row[at] as number);
      break;
    case jaegerVersionSource: {
      const row = rows.row[at] as number;
      const start = (pairs.valueStart[row] as number) + jaegerVersionPrefix.length;
      writeTextTag(writer, tagsTag, jaegerVersionBytes, pairs.bytes, start, pairs.valueEnd[row] as number);
      break;
    }
  }
}
