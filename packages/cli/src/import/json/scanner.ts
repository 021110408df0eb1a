import { Capture } from "./capture.js";
import {
  backslash,
  carriageReturn,
  closeBrace,
  closeBracket,
  colon,
  comma,
  latin1,
  newline,
  openBrace,
  openBracket,
  quote,
  recordSeparator,
  space,
  tab,
} from "./characters.js";
import { holders, type JsonFault, type JsonPiece, type JsonPlace, lists } from "./places.js";

/** Names of lists are shorter. */
const longestKey = 24;

/** The most bytes of invalid JSON in a message. */
const longestShown = 32;

export interface JsonScanner {
  /** Takes the next bytes, in UTF-8. */
  push(bytes: Uint8Array): void;
  end(): void;
  /** The pieces and faults found since the last call. */
  taken(): (JsonPiece | JsonFault)[];
}

/**
 * Splits JSON into pieces, and holds only the current one. The input is lines, one document, or several in a row. It looks
 * at strings, brackets and names of lists only.
 */
export function createJsonScanner(): JsonScanner {
  return new Scanner();
}

class Scanner implements JsonScanner {
  #found: (JsonPiece | JsonFault)[] = [];
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #line = 1;
  /** The number of open brackets. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The last byte outside of strings that is no white space; for a string its closing quote. */
  #last = 0;

  /** Whether each document ends on the line on which it begins; the first document decides. */
  #isLines: boolean | undefined;
  /** Whether it skips the rest of a line after a fault. */
  #passing = false;

  /** The document, without the elements of its lists. */
  readonly #frame = new Capture();
  #frameLine = 1;
  /** Whether the document had a list, and whether it has other fields. */
  #hadList = false;
  #hasMore = false;

  /** The depth at which names of lists count. */
  #keyDepth = 1;
  #key = "";
  #keyStart = -1;
  #keyParts = "";

  /** The depth within a list whose elements are pieces; 0 outside of one. */
  #listDepth = 0;
  #place: JsonPlace = "value";
  #listName = "";
  #index = 0;
  readonly #element = new Capture();
  #elementLine = 1;
  /** Whether the element has no brackets, such as a number. */
  #isBare = false;

  taken(): (JsonPiece | JsonFault)[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  push(bytes: Uint8Array): void {
    const { length } = bytes;
    for (let i = 0; i < length; i++) {
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
    this.#frame.next(bytes);
    this.#element.next(bytes);
    if (this.#keyStart >= 0) {
      if (this.#keyParts.length < longestKey) this.#keyParts += latin1(bytes, this.#keyStart, length);
      this.#keyStart = 0;
    }
  }

  end(): void {
    if (this.#depth > 0) this.#fail("the file ends within a value", this.#lineOfFault());
  }

  #structural(byte: number, bytes: Uint8Array, i: number): void {
    if (this.#depth === 0 && byte !== openBrace && byte !== openBracket) {
      this.#passBetween(byte, bytes, i);
      return;
    }
    switch (byte) {
      case space:
      case tab:
      case carriageReturn:
        this.#endBare(bytes, i);
        return;
      case quote:
        this.#beginElement(i, true);
        this.#inString = true;
        if (this.#depth === this.#keyDepth && this.#listDepth === 0 && this.#last !== colon) {
          this.#keyStart = i + 1;
          this.#keyParts = "";
        }
        return;
      case openBrace:
      case openBracket:
        this.#open(byte, bytes, i);
        break;
      case closeBrace:
      case closeBracket:
        this.#close(bytes, i);
        break;
      case comma:
        this.#endBare(bytes, i);
        break;
      case colon:
        break;
      default:
        this.#beginElement(i, true);
    }
    this.#last = byte;
  }

  /** Between documents there is white space, perhaps a comma, perhaps RFC 7464's separator, and nothing else. */
  #passBetween(byte: number, bytes: Uint8Array, i: number): void {
    if (byte === space || (byte >= tab && byte <= carriageReturn)) return;
    if (byte === comma || byte === recordSeparator) return;
    if (byte === closeBrace || byte === closeBracket) {
      this.#fail("a bracket is closed that was not opened", this.#line);
      return;
    }
    const lineEnd = bytes.indexOf(newline, i);
    const end = Math.min(lineEnd < 0 ? bytes.length : lineEnd, i + longestShown);
    const shown = Buffer.from(bytes.subarray(i, end)).toString("utf8");
    const isLines = this.#isLines;
    this.#fail(`is no JSON: it begins with ${JSON.stringify(shown)}`, this.#line);
    this.#isLines = isLines;
  }

  #endString(bytes: Uint8Array, i: number): void {
    this.#inString = false;
    this.#last = quote;
    if (this.#keyStart < 0) return;
    const text = this.#keyParts + latin1(bytes, this.#keyStart, Math.min(i, this.#keyStart + longestKey));
    this.#key = text.length < longestKey ? text : "";
    this.#keyStart = -1;
    this.#keyParts = "";
    this.#hasMore ||= !Object.hasOwn(lists, this.#key) && !holders.has(this.#key);
  }

  #open(byte: number, bytes: Uint8Array, i: number): void {
    if (this.#depth === 0) this.#beginDocument(i);
    this.#beginElement(i, false);
    this.#depth++;
    if (this.#listDepth > 0) return;
    if (this.#depth === 1 && byte === openBracket) {
      this.#enterList("value", "", bytes, i);
    } else if (this.#depth === this.#keyDepth + 1 && this.#last === colon) {
      const place = byte === openBracket && Object.hasOwn(lists, this.#key) ? lists[this.#key] : undefined;
      if (place !== undefined) this.#enterList(place, this.#key, bytes, i);
      else if (byte === openBrace && holders.has(this.#key)) this.#keyDepth++;
    }
  }

  #beginDocument(i: number): void {
    this.#frame.open(i);
    this.#frameLine = this.#line;
    this.#hadList = false;
    this.#hasMore = false;
    this.#keyDepth = 1;
    this.#key = "";
  }

  #enterList(place: JsonPlace, name: string, bytes: Uint8Array, i: number): void {
    this.#place = place;
    this.#listName = name;
    this.#index = 0;
    this.#listDepth = this.#depth;
    this.#hadList = true;
    this.#frame.close(bytes, i + 1);
  }

  #close(bytes: Uint8Array, i: number): void {
    this.#endBare(bytes, i);
    this.#depth--;
    if (this.#listDepth > 0) {
      if (this.#depth === this.#listDepth) this.#endElement(bytes, i + 1);
      if (this.#depth >= this.#listDepth) return;
      this.#listDepth = 0;
      this.#frame.open(i);
    }
    if (this.#depth === 0) this.#endDocument(bytes, i + 1);
    else if (this.#depth < this.#keyDepth) this.#keyDepth = this.#depth;
  }

  /** An element of a list begins here unless one has begun. */
  #beginElement(i: number, isBare: boolean): void {
    if (this.#listDepth === 0 || this.#depth !== this.#listDepth || this.#element.isOpen) return;
    this.#element.open(i);
    this.#elementLine = this.#line;
    this.#isBare = isBare;
  }

  #endBare(bytes: Uint8Array, end: number): void {
    if (this.#isBare && this.#depth === this.#listDepth) this.#endElement(bytes, end);
  }

  #endElement(bytes: Uint8Array, end: number): void {
    this.#element.close(bytes, end);
    this.#isBare = false;
    this.#give(this.#element, this.#place, `${this.#listName}[${this.#index++}]`, this.#elementLine);
  }

  #endDocument(bytes: Uint8Array, end: number): void {
    this.#frame.close(bytes, end);
    if (!this.#hadList) this.#give(this.#frame, "value", "", this.#frameLine);
    else if (this.#hasMore) this.#give(this.#frame, "frame", "", this.#frameLine);
    else this.#frame.drop();
  }

  #give(capture: Capture, place: JsonPlace, path: string, line: number): void {
    const what = path === "" ? "a value" : path;
    if (capture.isTooLong) {
      capture.drop();
      this.#found.push({ fault: `${what} has more than 512 MiB`, line, canGoOn: true });
      return;
    }
    try {
      this.#found.push({ place, path, text: this.#decoder.decode(capture.take()), line });
    } catch {
      this.#found.push({ fault: `${what} has bytes that are no UTF-8`, line, canGoOn: true });
    }
  }

  #endLine(bytes: Uint8Array, i: number): void {
    if (!this.#inString) this.#endBare(bytes, i);
    const isWithin = this.#depth > 0;
    if (this.#inString) this.#fail("the line ends within a string", this.#startOfFault());
    else if (isWithin && this.#isLines === true) {
      this.#fail("the line ends within a value", this.#lineOfFault());
    }
    // A line without any value does not decide.
    if (this.#last !== 0) this.#isLines ??= !isWithin;
    this.#passing = false;
    this.#line++;
  }

  #startOfFault(): number {
    if (this.#element.isOpen) return this.#elementLine;
    return this.#frame.isOpen && this.#isLines !== false ? this.#frameLine : this.#line;
  }

  #lineOfFault(): number {
    return this.#isLines === true ? this.#line : this.#startOfFault();
  }

  /** Reports the fault, and looks for the next value on the next line. */
  #fail(fault: string, line: number): void {
    const canGoOn = this.#isLines !== false;
    this.#isLines ??= true;
    this.#found.push({ fault, line, canGoOn });
    this.#frame.drop();
    this.#element.drop();
    this.#isBare = false;
    this.#depth = 0;
    this.#listDepth = 0;
    this.#inString = false;
    this.#escaped = false;
    this.#keyStart = -1;
    this.#last = 0;
    this.#passing = true;
  }
}
