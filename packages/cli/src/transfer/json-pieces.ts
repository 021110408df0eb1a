/** A value of a file of traces, not parsed yet. */
export interface JsonPiece {
  /**
   * What it is: an element of the list `data` (Jaeger's answers) or `resourceSpans` (OTLP), an element of a list that
   * is the whole file, or another whole value.
   */
  readonly place: "data" | "resourceSpans" | "element" | "whole";
  readonly text: string;
  /** Where it begins, from 1 on. */
  readonly line: number;
}

/** A part of the file that is no JSON; what comes after its line can be read on if there are lines. */
export interface JsonFault {
  readonly fault: string;
  readonly line: number;
  readonly canGoOn: boolean;
}

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const tab = 0x09;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** A key that is looked at is shorter. */
const longestKey = 16;

/** Longer pieces are refused: JavaScript's strings end there. */
const maxPieceBytes = 512 * 1024 * 1024 - 32;

/**
 * Takes a file of JSON apart into pieces, each of them held by itself, so that a file of any size can be read: lines
 * of OTLP, one document, or several one after the other. Only strings, brackets and the keys `data`, `resourceSpans`
 * and `result` are looked at here.
 */
export async function* jsonPieces(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<JsonPiece | JsonFault, void, undefined> {
  const scanner = new Scanner();
  for await (const bytes of source) {
    scanner.push(bytes);
    yield* scanner.taken();
  }
  scanner.end();
  yield* scanner.taken();
}

class Scanner {
  /** What was found since it was last asked. */
  #found: (JsonPiece | JsonFault)[] = [];
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #line = 1;
  /** Brackets that are open. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The last byte that is no white space, outside of strings; the closing quote for a string. */
  #last = 0;

  /** Whether each value ends on the line it begins on; told by the first. */
  #isLines: boolean | undefined;
  /** Passing over the rest of a line that is no JSON. */
  #passing = false;

  /** Depth at which the keys of the whole value, or of what stands in for it, are. */
  #keyDepth = 1;
  #topBracket = 0;
  #key = "";
  #keyStart = -1;
  #keyParts = "";
  /** Depth within the list whose elements are pieces; 0 outside of such. */
  #listDepth = 0;
  #place: JsonPiece["place"] = "whole";
  /** Whether this whole value had such a list, and is therefore no piece itself. */
  #hadList = false;

  /** The piece that is being read: its parts in earlier buffers, and where it starts in this one. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #start = -1;
  #startLine = 1;
  /** A value without brackets, such as a number. */
  #isBare = false;
  #isFirstByte = true;

  taken(): (JsonPiece | JsonFault)[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  push(bytes: Uint8Array): void {
    let i = 0;
    if (this.#isFirstByte && bytes.length > 0) {
      this.#isFirstByte = false;
      // A byte order mark.
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) i = 3;
    }
    const { length } = bytes;
    for (; i < length; i++) {
      const byte = bytes[i] as number;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#endString(bytes, i);
        if (byte !== newline) continue;
      }
      if (byte === newline) this.#endLine(bytes, i);
      else if (!this.#passing) this.#structural(byte, bytes, i);
    }
    if (this.#start >= 0) {
      this.#keep(bytes, this.#start, length);
      this.#start = 0;
    }
    if (this.#keyStart >= 0) {
      if (this.#keyParts.length < longestKey) this.#keyParts += latin1(bytes, this.#keyStart, length);
      this.#keyStart = 0;
    }
  }

  end(): void {
    if (this.#isBare && this.#depth === 0) this.#endPiece(new Uint8Array(0), 0);
    else if (this.#depth > 0 || this.#inString) this.#fail("the file ends within a value", this.#wholeLine());
  }

  #structural(byte: number, bytes: Uint8Array, i: number): void {
    switch (byte) {
      case space:
      case tab:
      case carriageReturn:
        if (this.#isBare) this.#endPiece(bytes, i);
        return;
      case quote:
        this.#begin(i);
        this.#inString = true;
        if (this.#depth === this.#keyDepth && this.#listDepth === 0 && this.#last !== colon) {
          this.#keyStart = i + 1;
          this.#keyParts = "";
        }
        return;
      case openBrace:
      case openBracket:
        this.#open(byte, i);
        break;
      case closeBrace:
      case closeBracket:
        this.#close(bytes, i);
        break;
      case comma:
        if (this.#isBare && this.#depth === this.#listDepth) this.#endPiece(bytes, i);
        break;
      case colon:
        break;
      default:
        this.#begin(i);
    }
    this.#last = byte;
  }

  #endString(bytes: Uint8Array, i: number): void {
    this.#inString = false;
    this.#last = quote;
    if (this.#keyStart < 0) return;
    const text = this.#keyParts + latin1(bytes, this.#keyStart, Math.min(i, this.#keyStart + longestKey));
    this.#key = text.length < longestKey ? text : "";
    this.#keyStart = -1;
    this.#keyParts = "";
  }

  /** A piece begins here unless one has begun. */
  #begin(i: number): void {
    if (this.#start >= 0 || this.#depth !== this.#listDepth) return;
    this.#start = i;
    this.#startLine = this.#line;
    this.#isBare = true;
  }

  #open(byte: number, i: number): void {
    const isInList = this.#listDepth > 0;
    if (this.#depth === 0) {
      this.#topBracket = byte;
      this.#hadList = false;
      this.#keyDepth = 1;
      this.#key = "";
    }
    this.#begin(i);
    this.#isBare = false;
    this.#depth++;
    if (isInList) return;
    if (this.#depth === 1 && byte === openBracket) {
      this.#enterList("element");
    } else if (this.#depth === this.#keyDepth + 1 && this.#last === colon) {
      if (byte === openBrace && this.#key === "result") this.#keyDepth++;
      else if (byte === openBracket && this.#key === "data") this.#enterList("data");
      else if (byte === openBracket && this.#key === "resourceSpans") this.#enterList("resourceSpans");
    }
  }

  #enterList(place: JsonPiece["place"]): void {
    this.#place = place;
    this.#listDepth = this.#depth;
    this.#hadList = true;
    this.#drop();
  }

  #close(bytes: Uint8Array, i: number): void {
    if (this.#isBare) this.#endPiece(bytes, i);
    if (this.#depth === 0) {
      this.#fail("a bracket is closed that was not opened", this.#line);
      return;
    }
    this.#depth--;
    if (this.#listDepth > 0) {
      if (this.#depth === this.#listDepth) this.#endPiece(bytes, i + 1);
      else if (this.#depth < this.#listDepth) this.#leaveList();
    } else if (this.#depth === 0) {
      if (this.#hadList) this.#drop();
      else this.#endPiece(bytes, i + 1);
    } else if (this.#depth < this.#keyDepth) {
      this.#keyDepth = this.#depth;
    }
  }

  #leaveList(): void {
    this.#listDepth = 0;
    this.#place = "whole";
    this.#drop();
  }

  #endLine(bytes: Uint8Array, i: number): void {
    if (this.#isBare && !this.#inString) this.#endPiece(bytes, i);
    const isWithin = this.#depth > 0 || this.#inString;
    if (this.#inString) this.#fail("the line ends within a string", this.#startOfFault());
    else if (isWithin && this.#isLines === true)
      this.#fail("the line ends within a value", this.#wholeLine());
    this.#isLines ??= this.#topBracket === 0 ? undefined : !isWithin;
    this.#passing = false;
    this.#line++;
  }

  #endPiece(bytes: Uint8Array, end: number): void {
    if (this.#start < 0) return;
    this.#keep(bytes, this.#start, end);
    const size = this.#partBytes;
    const line = this.#startLine;
    const parts = this.#parts;
    const place = this.#listDepth > 0 ? this.#place : "whole";
    this.#drop();
    if (size > maxPieceBytes) {
      this.#found.push({ fault: "a value of more than 512 MiB", line, canGoOn: true });
      return;
    }
    try {
      const text = this.#decoder.decode(parts.length === 1 ? parts[0] : Buffer.concat(parts));
      this.#found.push({ place, text, line });
    } catch {
      this.#found.push({ fault: "a value that is no UTF-8", line, canGoOn: true });
    }
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    this.#partBytes += end - start;
    // What is too long is counted, and not held.
    if (this.#partBytes > maxPieceBytes) this.#parts = [];
    else this.#parts.push(bytes.subarray(start, end));
  }

  #drop(): void {
    this.#parts = [];
    this.#partBytes = 0;
    this.#start = -1;
    this.#isBare = false;
  }

  #startOfFault(): number {
    return this.#start >= 0 ? this.#startLine : this.#line;
  }

  #wholeLine(): number {
    return this.#isLines === true ? this.#line : this.#startOfFault();
  }

  /** Tells of the fault, and looks for the next value on the next line. */
  #fail(fault: string, line: number): void {
    const canGoOn = this.#isLines !== false;
    this.#isLines ??= true;
    this.#found.push({ fault, line, canGoOn });
    this.#drop();
    this.#depth = 0;
    this.#listDepth = 0;
    this.#inString = false;
    this.#escaped = false;
    this.#keyStart = -1;
    this.#last = 0;
    this.#passing = true;
  }
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, end - start)).toString("latin1");
}
