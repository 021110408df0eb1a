import { isSpanStoreError } from "@spanstore/core";
import { Cursor } from "@spanstore/core/otlp";
import {
  keptAbsentTag,
  keptFieldsTag,
  keptFlagsTag,
  keptLogFieldsTag,
  keptLogIndexTag,
  keptLogTag,
  keptNoWarningsTag,
  keptTagsTag,
} from "../model/kept.js";
import { Pairs } from "../model/pairs.js";
import { Ranges } from "../model/ranges.js";
import { literal, type Script } from "../model/tag-script.js";
import { readTag } from "./read-tag.js";

/** Our own field of a Span or Resource. Content of another shape counts as absent, since other programs may use the number. */
export class Kept {
  flags = 0;
  /** The range of the script; `tagsStart` is -1 without one. */
  tagsStart = -1;
  tagsEnd = 0;
  fieldsStart = 0;
  fieldsEnd = 0;
  noWarnings = false;
  absent = false;
  /** The scripts of logs, and the indexes of these logs. */
  readonly logs = new Ranges();
  readonly logIndex: number[] = [];

  /**
   * Reads the content of the field.
   * @param check throws INVALID_TRACES when the kept fields are invalid.
   */
  read(bytes: Uint8Array, start: number, end: number, check: (kept: Kept) => void): void {
    this.#reset();
    if (start === end) return;
    try {
      this.#read(new Cursor(bytes, start, end));
      check(this);
    } catch (error) {
      if (!isSpanStoreError(error)) throw error;
      this.#reset();
    }
  }

  #reset(): void {
    this.flags = this.tagsEnd = this.fieldsStart = this.fieldsEnd = 0;
    this.logs.clear();
    this.tagsStart = -1;
    this.noWarnings = this.absent = false;
  }

  #read(cursor: Cursor): void {
    while (cursor.pos < cursor.end) {
      const tag = cursor.tag();
      if (tag === keptFlagsTag) this.flags = cursor.varint32();
      else if (tag === keptNoWarningsTag) this.noWarnings = cursor.varint32() !== 0;
      else if (tag === keptAbsentTag) this.absent = cursor.varint32() !== 0;
      else if (tag === keptTagsTag) {
        this.tagsEnd = cursor.lengthEnd();
        this.tagsStart = cursor.pos;
        cursor.pos = this.tagsEnd;
      } else if (tag === keptFieldsTag) {
        this.fieldsEnd = cursor.lengthEnd();
        this.fieldsStart = cursor.pos;
        cursor.pos = this.fieldsEnd;
      } else if (tag === keptLogTag) {
        const end = cursor.lengthEnd();
        this.#readLog(new Cursor(cursor.bytes, cursor.pos, end));
        cursor.pos = end;
      } else cursor.skip(tag);
    }
  }

  #readLog(cursor: Cursor): void {
    let index = 0;
    let start = 0;
    let end = 0;
    while (cursor.pos < cursor.end) {
      const tag = cursor.tag();
      if (tag === keptLogIndexTag) index = cursor.varint32();
      else if (tag === keptLogFieldsTag) {
        end = cursor.lengthEnd();
        start = cursor.pos;
        cursor.pos = end;
      } else cursor.skip(tag);
    }
    this.logIndex[this.logs.length] = index;
    this.logs.add(start, end);
  }
}

const literals = new Pairs();

/** Reads a script that covers `attributes` attributes; false when the bytes are none. */
export function readScript(
  script: Script,
  bytes: Uint8Array,
  start: number,
  end: number,
  attributes: number,
): boolean {
  try {
    if (!script.read(bytes, start, end, attributes)) return false;
    literals.reset(bytes);
    for (let i = 0; i < script.length; i++) {
      if (script.source[i] !== literal) continue;
      const literalEnd = script.end[i] as number;
      readTag(literals, new Cursor(bytes, script.at[i], literalEnd), literalEnd);
    }
    return true;
  } catch (error) {
    if (!isSpanStoreError(error)) throw error;
    return false;
  }
}
