/** Columns that grew longer than this are not kept for the next span. */
const keptLength = 4096;

/** Ranges of bytes, [start, end). Used for span after span, since to give the memory back costs more than to use it. */
export class Ranges {
  /** How many there are. */
  length = 0;
  readonly start: number[] = [];
  readonly end: number[] = [];

  add(start: number, end: number): void {
    this.start[this.length] = start;
    this.end[this.length++] = end;
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
