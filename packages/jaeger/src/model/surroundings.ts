import { Cursor, WireWriter } from "@spanstore/core/otlp";
import { writeProcess } from "../to-jaeger/resource-to-process.js";

const noBytes = new Uint8Array(0);
const processTag = 0x52;
const writer = new WireWriter();

/** The process and the scope around spans, prepared once for all of them. */
export class Surroundings {
  /** The process as a field of a Span; empty when the span came without one. */
  process: Uint8Array = noBytes;
  /** The InstrumentationScope, and the ranges of its name and version; empty where there is none. */
  scope: Uint8Array = noBytes;
  nameStart = 0;
  nameEnd = 0;
  versionStart = 0;
  versionEnd = 0;
  #resource: Uint8Array | undefined;

  /** Moves to another encoded Resource and InstrumentationScope. */
  enter(resource: Uint8Array, scope: Uint8Array): void {
    if (resource !== this.#resource) this.#enterResource(resource);
    if (scope !== this.scope) this.#enterScope(scope);
  }

  /** Equal resources mostly follow each other, even when each span came with its own copy. */
  #enterResource(resource: Uint8Array): void {
    const same = this.#resource !== undefined && Buffer.compare(this.#resource, resource) === 0;
    this.#resource = resource;
    if (same) return;
    writer.reset();
    writeProcess(writer, processTag, resource);
    this.process = writer.take();
  }

  #enterScope(scope: Uint8Array): void {
    this.scope = scope;
    this.nameStart = this.nameEnd = this.versionStart = this.versionEnd = 0;
    const cursor = new Cursor(scope);
    while (cursor.pos < cursor.end) {
      const tag = cursor.tag();
      if (tag === 0x0a) {
        this.nameEnd = cursor.lengthEnd();
        this.nameStart = cursor.pos;
        cursor.pos = this.nameEnd;
      } else if (tag === 0x12) {
        this.versionEnd = cursor.lengthEnd();
        this.versionStart = cursor.pos;
        cursor.pos = this.versionEnd;
      } else {
        cursor.skip(tag);
      }
    }
  }
}
