/** Encodes any text as a name that a file system or a database accepts, without collisions. */
export interface NameCodec {
  readonly encode: (name: string) => string;
  /** The name that encodes to this text; undefined when there is none. */
  readonly decode: (encoded: string) => string | undefined;
}

/**
 * Keeps the ASCII characters that match `kept`. Each UTF-8 byte of the others becomes the mark and two lower-case hex digits.
 * @param mark a character that `kept` does not match.
 */
export function createNameCodec(kept: RegExp, mark: string): NameCodec {
  const escaped = new RegExp(`${mark}([0-9a-f]{2})`, "g");
  const encode = (name: string): string =>
    Array.from(Buffer.from(name, "utf8"), (byte) => {
      const character = String.fromCharCode(byte);
      return kept.test(character) ? character : `${mark}${byte.toString(16).padStart(2, "0")}`;
    }).join("");
  return {
    encode,
    decode: (encoded) => {
      const bytes = encoded.replace(escaped, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
      const name = Buffer.from(bytes, "latin1").toString("utf8");
      return name !== "" && encode(name) === encoded ? name : undefined;
    },
  };
}
