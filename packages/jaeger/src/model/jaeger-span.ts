import { isSpanStoreError } from "@spanstore/core";
import { Cursor } from "@spanstore/core/otlp";
import { readTag } from "../to-otlp/read-tag.js";
import { Pairs } from "./pairs.js";
import { Ranges } from "./ranges.js";
import { checkSpanId, checkTraceId, malformed, refuse } from "./refuse.js";
import { Logs, References, spanFields } from "./span-parts.js";
import { type Fit, Int64, readDuration, readTimestamp } from "./times.js";

/**
 * Parses one jaeger.api_v2.Span with its process in one pass, without decoding text. Ranges are [start, end). Reused from span
 * to span.
 */
export class JaegerSpan {
  bytes: Uint8Array = new Uint8Array(0);
  traceIdStart = 0;
  traceIdEnd = 0;
  spanIdStart = 0;
  spanIdEnd = 0;
  nameStart = 0;
  nameEnd = 0;
  flags = 0;
  readonly start = new Int64();
  startFit: Fit = "unset";
  readonly duration = new Int64();
  readonly references = new References();
  readonly logs = new Logs();
  /** Rows: the span's tags, the fields of its logs, the tags of its process. */
  readonly pairs = new Pairs();
  tagsEnd = 0;
  logsEnd = 0;
  hasProcess = false;
  serviceStart = 0;
  serviceEnd = 0;
  readonly warnings = new Ranges();
  /** Fields with their tags. Of several start times or durations only the last counts and is here. */
  readonly referenceFields = new Ranges();
  readonly startField = new Ranges();
  readonly durationField = new Ranges();
  readonly logFields = new Ranges();
  /** All other fields of the span. */
  readonly otherFields = new Ranges();
  readonly otherProcessFields = new Ranges();
  /** Whether references or logs hold more than the columns: unknown fields, or times that do not fit exactly. */
  oddReferences = false;
  oddLogs = false;

  readonly #tags = new Ranges();
  readonly #logs = new Ranges();
  readonly #processes = new Ranges();
  /** The part being read, for errors. */
  #part = "";
  #index = -1;
  #member = "";

  /** @throws INVALID_TRACES, naming the part, when Jaeger's own decoder would refuse it. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.#reset(bytes);
    try {
      const cursor = new Cursor(bytes, start, end);
      this.#readFields(cursor);
      this.#readTags(cursor);
      this.#readLogs(cursor);
      this.#readProcess(cursor);
    } catch (error) {
      if (!isSpanStoreError(error) || error.field !== undefined) throw error;
      refuse(this.#field(), error.message);
    }
  }

  #reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.traceIdStart = this.traceIdEnd = this.spanIdStart = this.spanIdEnd = 0;
    this.nameStart = this.nameEnd = this.flags = 0;
    this.start.set(0, 0);
    this.startFit = "unset";
    this.duration.set(0, 0);
    this.references.clear();
    this.logs.clear();
    this.pairs.reset(bytes);
    this.hasProcess = false;
    this.serviceStart = this.serviceEnd = 0;
    this.warnings.clear();
    this.referenceFields.clear();
    this.startField.clear();
    this.durationField.clear();
    this.logFields.clear();
    this.otherFields.clear();
    this.otherProcessFields.clear();
    this.oddReferences = this.oddLogs = false;
    this.#tags.clear();
    this.#logs.clear();
    this.#processes.clear();
  }

  #reading(part: string, index = -1, member = ""): void {
    this.#part = part;
    this.#index = index;
    this.#member = member;
  }

  #field(): string {
    return this.#index < 0 ? this.#part : `${this.#part}[${this.#index}]${this.#member}`;
  }

  /** A tag is the field's number times eight plus its wire type. */
  #readFields(cursor: Cursor): void {
    const { end } = cursor;
    while (cursor.pos < end) {
      this.#reading("span");
      const fieldStart = cursor.pos;
      const tag = cursor.tag();
      const fieldEnd = (tag & 7) === 2 ? cursor.lengthEnd() : 0;
      const at = cursor.pos;
      switch (tag) {
        case 0x0a:
          this.#reading("trace_id");
          checkTraceId(fieldEnd - at);
          this.traceIdStart = at;
          this.traceIdEnd = fieldEnd;
          break;
        case 0x12:
          this.#reading("span_id");
          checkSpanId(fieldEnd - at);
          this.spanIdStart = at;
          this.spanIdEnd = fieldEnd;
          break;
        case 0x1a:
          this.nameStart = at;
          this.nameEnd = fieldEnd;
          break;
        case 0x22:
          this.#readReference(cursor, fieldEnd);
          this.referenceFields.add(fieldStart, fieldEnd);
          break;
        case 0x28:
          this.flags = cursor.varint32();
          break;
        case 0x32:
          this.#reading("start_time");
          this.startFit = readTimestamp(cursor, fieldEnd, this.start);
          this.startField.length = 0;
          this.startField.add(fieldStart, fieldEnd);
          break;
        case 0x3a:
          this.#reading("duration");
          readDuration(cursor, fieldEnd, this.duration);
          this.durationField.length = 0;
          this.durationField.add(fieldStart, fieldEnd);
          break;
        case 0x42:
          this.#tags.add(at, fieldEnd);
          break;
        case 0x4a:
          this.#logs.add(at, fieldEnd);
          this.logFields.add(fieldStart, fieldEnd);
          break;
        case 0x52:
          this.#processes.add(at, fieldEnd);
          break;
        case 0x62:
          this.warnings.add(at, fieldEnd);
          break;
        case 0x5a:
          if (fieldEnd > at) this.otherFields.add(fieldStart, fieldEnd);
          break;
        default:
          if (tag >>> 3 <= 12) {
            this.#reading(spanFields[tag >>> 3] as string);
            malformed("has a wrong wire type");
          }
          if (fieldEnd === 0) cursor.skip(tag);
          this.otherFields.add(fieldStart, fieldEnd === 0 ? cursor.pos : fieldEnd);
      }
      if (fieldEnd > 0) cursor.pos = fieldEnd;
    }
  }

  #readReference(cursor: Cursor, end: number): void {
    const { references } = this;
    const row = references.length++;
    const outerEnd = cursor.end;
    references.traceStart[row] = references.traceEnd[row] = 0;
    references.spanStart[row] = references.spanEnd[row] = references.type[row] = 0;
    cursor.end = end;
    while (cursor.pos < end) {
      this.#reading("references", row);
      const tag = cursor.tag();
      switch (tag) {
        case 0x0a: {
          const idEnd = cursor.lengthEnd();
          this.#reading("references", row, ".trace_id");
          checkTraceId(idEnd - cursor.pos);
          references.traceStart[row] = cursor.pos;
          references.traceEnd[row] = idEnd;
          cursor.pos = idEnd;
          break;
        }
        case 0x12: {
          const idEnd = cursor.lengthEnd();
          this.#reading("references", row, ".span_id");
          checkSpanId(idEnd - cursor.pos);
          references.spanStart[row] = cursor.pos;
          references.spanEnd[row] = idEnd;
          cursor.pos = idEnd;
          break;
        }
        case 0x18:
          references.type[row] = cursor.varint32() | 0;
          break;
        default:
          if (tag >>> 3 <= 3) malformed("a field has a wrong wire type");
          cursor.skip(tag);
          this.oddReferences = true;
      }
    }
    cursor.end = outerEnd;
  }

  #readTags(cursor: Cursor): void {
    const ranges = this.#tags;
    for (let i = 0; i < ranges.length; i++) {
      this.#reading("tags", i);
      const end = ranges.end[i] as number;
      cursor.pos = ranges.start[i] as number;
      cursor.end = end;
      readTag(this.pairs, cursor, end);
    }
    this.tagsEnd = this.pairs.length;
  }

  #readLogs(cursor: Cursor): void {
    const ranges = this.#logs;
    for (let i = 0; i < ranges.length; i++) {
      cursor.pos = ranges.start[i] as number;
      cursor.end = ranges.end[i] as number;
      this.#readLog(cursor);
    }
    this.logsEnd = this.pairs.length;
  }

  #readLog(cursor: Cursor): void {
    const { logs, pairs } = this;
    const { end } = cursor;
    const row = logs.length++;
    let fit: Fit = "unset";
    logTime.set(0, 0);
    logs.from[row] = pairs.length;
    while (cursor.pos < end) {
      this.#reading("logs", row);
      const tag = cursor.tag();
      if (tag === 0x0a) {
        const fieldEnd = cursor.lengthEnd();
        this.#reading("logs", row, ".timestamp");
        fit = readTimestamp(cursor, fieldEnd, logTime);
      } else if (tag === 0x12) {
        const fieldEnd = cursor.lengthEnd();
        readTag(pairs, cursor, fieldEnd);
      } else {
        if (tag >>> 3 <= 2) malformed("a field has a wrong wire type");
        cursor.skip(tag);
        this.oddLogs = true;
      }
    }
    logs.timeHigh[row] = logTime.high;
    logs.timeLow[row] = logTime.low;
    logs.to[row] = pairs.length;
    if (fit !== "exact") this.oddLogs = true;
  }

  /** Protobuf merges repeated occurrences of a message field. */
  #readProcess(cursor: Cursor): void {
    const ranges = this.#processes;
    this.#reading("process");
    this.hasProcess = ranges.length > 0;
    for (let i = 0; i < ranges.length; i++) {
      const end = ranges.end[i] as number;
      cursor.pos = ranges.start[i] as number;
      cursor.end = end;
      while (cursor.pos < end) {
        const fieldStart = cursor.pos;
        const tag = cursor.tag();
        if (tag === 0x0a) {
          this.serviceEnd = cursor.lengthEnd();
          this.serviceStart = cursor.pos;
          cursor.pos = this.serviceEnd;
        } else if (tag === 0x12) {
          const fieldEnd = cursor.lengthEnd();
          readTag(this.pairs, cursor, fieldEnd);
        } else {
          if (tag >>> 3 <= 2) malformed("a field has a wrong wire type");
          cursor.skip(tag);
          this.otherProcessFields.add(fieldStart, cursor.pos);
        }
      }
    }
  }
}

const logTime = new Int64();
