/** Longer values are refused: JavaScript's strings cannot hold them. */
const maxBytes = 512 * 1024 * 1024 - 32;

/** Collects the bytes of a value across buffers. */
export class Capture {
  #parts: Uint8Array[] = [];
  #start = -1;
  /** The size of the value; a value that is too long is not held. */
  bytes = 0;

  /** Whether something is being captured. */
  get isOpen(): boolean {
    return this.#start >= 0;
  }

  get isTooLong(): boolean {
    return this.bytes > maxBytes;
  }

  /** Captures the current buffer from `start` on. */
  open(start: number): void {
    this.#start = start;
  }

  /** Stops capturing before `end`, until it is opened again. */
  close(buffer: Uint8Array, end: number): void {
    if (this.#start < 0) return;
    this.#keep(buffer, this.#start, end);
    this.#start = -1;
  }

  /** Goes on in the next buffer. */
  next(buffer: Uint8Array): void {
    if (this.#start < 0) return;
    this.#keep(buffer, this.#start, buffer.length);
    this.#start = 0;
  }

  drop(): void {
    this.#parts = [];
    this.#start = -1;
    this.bytes = 0;
  }

  /** Returns the captured bytes and forgets them. */
  take(): Uint8Array {
    const parts = this.#parts;
    this.drop();
    return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  }

  #keep(buffer: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    this.bytes += end - start;
    if (this.isTooLong) this.#parts = [];
    else this.#parts.push(buffer.subarray(start, end));
  }
}
