import type { WireWriter } from "@spanstore/core/otlp";

/** Columns longer than this are emptied before the next span. */
const keptLength = 4096;

/** Ranges of bytes, [start, end). Reused from span to span, which costs less than allocating. */
export class Ranges {
  length = 0;
  readonly start: number[] = [];
  readonly end: number[] = [];

  add(start: number, end: number): void {
    this.start[this.length] = start;
    this.end[this.length++] = end;
  }

  /** Writes the bytes of these ranges, one after the other. */
  write(writer: WireWriter, bytes: Uint8Array): void {
    for (let i = this.length - 1; i >= 0; i--) {
      writer.range(bytes, this.start[i] as number, this.end[i] as number);
    }
  }

  clear(): void {
    this.length = 0;
    trim(this.start, this.end);
  }
}

/** Empties columns that one large span made long. */
export function trim(...columns: unknown[][]): void {
  for (const column of columns) if (column.length > keptLength) column.length = 0;
}
