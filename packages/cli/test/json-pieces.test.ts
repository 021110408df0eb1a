import { parseExactly } from "@spanstore/jaeger";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonPieces } from "../src/import/json/pieces.js";
import type { JsonFault, JsonPiece } from "../src/import/json/places.js";

type Found = JsonPiece | JsonFault;

async function piecesOf(text: string | Uint8Array, cuts: readonly number[] = []): Promise<Found[]> {
  const bytes = Buffer.from(text as string);
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  async function* source() {
    let from = 0;
    for (const end of [...ends, bytes.length]) {
      yield bytes.subarray(from, end);
      from = end;
    }
  }
  const found: Found[] = [];
  for await (const piece of jsonPieces(source())) found.push(piece);
  return found;
}

const value = fc.jsonValue({ maxDepth: 4 });
const element = fc.oneof(
  value,
  fc.dictionary(fc.constantFrom("data", "resourceSpans", "result", "errors", "a"), value),
);
const cuts = fc.array(fc.nat(), { maxLength: 8 });
const indent = fc.constantFrom(0, 1, 2);

/** An object whose lists are not taken apart. */
const plainObject = fc.dictionary(fc.constantFrom("a", "spans", 'q"\\', "搜"), value);

describe("pieces of JSON", () => {
  it("are the lines of a file, wherever its buffers end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(plainObject),
        fc.constantFrom("\n", "\r\n", "\n\n"),
        cuts,
        async (all, end, at) => {
          const text = all.map((each) => JSON.stringify(each) + end).join("");
          const found = await piecesOf(text, at);
          expect(found).toEqual(
            all.map((each, i) => ({
              place: "value",
              path: "",
              text: JSON.stringify(each),
              line: 1 + i * (end === "\n\n" ? 2 : 1),
            })),
          );
        },
      ),
    );
  });

  it("are the elements of the lists of a document, however it is written", async () => {
    const list = fc.constantFrom("data", "resourceSpans", "resource_spans", "batches", "resourceLogs");
    const holder = fc.constantFrom("", "result", "trace", "data", "hits");
    const before = fc.dictionary(fc.constantFrom("total", 'da"ta', "x"), value);
    await fc.assert(
      fc.asyncProperty(
        list,
        before,
        fc.array(element),
        indent,
        holder,
        cuts,
        async (name, head, all, by, within, at) => {
          const document = { ...head, [name]: all, limit: 0, errors: [{ data: "[" }] };
          const whole = within === "" ? document : { x: 1, [within]: document };
          const found = await piecesOf(JSON.stringify(whole, null, by), at);
          const pieces = found.map((piece) =>
            "text" in piece ? { ...piece, text: JSON.parse(piece.text) } : piece,
          );
          const frame = pieces.pop();
          expect(pieces).toMatchObject(
            all.map((each, i) => ({
              text: JSON.parse(JSON.stringify(each)),
              path: `${name}[${i}]`,
              place: name === "data" ? "value" : name === "resourceLogs" ? name : "resourceSpans",
            })),
          );
          const empty = JSON.parse(JSON.stringify({ ...document, [name]: [] }));
          expect(frame).toMatchObject({
            place: "frame",
            text: within === "" ? empty : { x: 1, [within]: empty },
          });
        },
      ),
    );
  });

  it("are the elements of a list that is the whole document", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(element), indent, cuts, async (all, by, at) => {
        const found = await piecesOf(JSON.stringify(all, null, by), at);
        expect(found.map((piece) => ("text" in piece ? JSON.parse(piece.text) : piece))).toEqual(
          JSON.parse(JSON.stringify(all)),
        );
      }),
    );
  });

  it("are the documents of what Elasticsearch answers, and all lists of an object", async () => {
    const all = async (text: string): Promise<string[]> =>
      (await piecesOf(text)).map((piece) => ("text" in piece ? `${piece.path} ${piece.text}` : piece.fault));
    expect(await all('{"took":1,"hits":{"total":{"value":2},"hits":[{"a":1},{"a":2}]}}')).toEqual([
      'hits[0] {"a":1}',
      'hits[1] {"a":2}',
      ' {"took":1,"hits":{"total":{"value":2},"hits":[]}}',
    ]);
    expect(await all('{"resourceSpans":[1],"resourceLogs":[2,3]}')).toEqual([
      "resourceSpans[0] 1",
      "resourceLogs[0] 2",
      "resourceLogs[1] 3",
    ]);
  });

  it("tell their lines", async () => {
    const text = '\n{"data": [\n  {"a": 1},\n  {"a":\n2}\n]}\n';
    expect((await piecesOf(text)).map((piece) => piece.line)).toEqual([3, 4]);
  });

  it("go on after a line that was cut off", async () => {
    const good = '{"a":[1,{"b":"x"}]}';
    for (const bad of ['{"a":"tex', '{"a":[1,{"b":', '{"a":1}}', "{", "]", '{"a":"\\']) {
      const found = await piecesOf(`${good}\n${bad}\n${good}\n${good}`);
      expect(
        found.map((piece) => ("text" in piece ? piece.text : `line ${piece.line}`)),
        bad,
      ).toEqual(bad === '{"a":1}}' ? [good, '{"a":1}', "line 2", good, good] : [good, "line 2", good, good]);
    }
    const first = await piecesOf(`{"a":"tex\n${good}\n`);
    expect(first).toMatchObject([{ line: 1, canGoOn: true }, { text: good }]);
  });

  it("show the beginning of a line that is not JSON, and go on with the next", async () => {
    const found = await piecesOf('INFO: {"a":1}\n{"a":\n1}\n');
    expect(found).toMatchObject([
      { fault: 'is no JSON: it begins with "INFO: {\\"a\\":1}"', line: 1, canGoOn: true },
      { line: 2, text: '{"a":\n1}' },
    ]);
    expect(await piecesOf(`${"x".repeat(100)}\n`)).toMatchObject([
      { fault: `is no JSON: it begins with "${"x".repeat(32)}"` },
    ]);
  });

  it("may have commas and record separators between them", async () => {
    expect(await piecesOf('\x1e{"a":1}\n\x1e{"b":[]},\n{}')).toMatchObject([
      { text: '{"a":1}' },
      { text: '{"b":[]}' },
      { text: "{}" },
    ]);
  });

  it("end where a document is cut off", async () => {
    const found = await piecesOf('{"data": [\n{"a": 1},\n{"a": [2,\n');
    expect(found).toMatchObject([{ text: '{"a": 1}' }, { line: 3, canGoOn: false }]);
    expect(await piecesOf('{"data": [\n{"a": "\n')).toMatchObject([{ line: 2, canGoOn: false }]);
  });

  it("may stand behind a byte order mark, and must be UTF-8", async () => {
    expect(await piecesOf(Buffer.from("\ufeff{}\n"))).toMatchObject([{ text: "{}" }]);
    const broken = Buffer.concat([Buffer.from('{"a":"'), Uint8Array.of(0xff), Buffer.from('"}\n{}\n')]);
    expect(await piecesOf(broken)).toMatchObject([{ line: 1, canGoOn: true }, { text: "{}" }]);
  });
});

it("JSON is parsed with all digits of its integers", () => {
  const integers = fc.array(fc.bigInt(-(1n << 63n), (1n << 64n) - 1n));
  fc.assert(
    fc.property(
      integers,
      fc.string().map((text) => `k${text}`),
      (all, text) => {
        const json = `{"a":[${all.join(", ")}],${JSON.stringify(text)}:${JSON.stringify(`:${all[0]}\\" ${text}`)}}`;
        const parsed = parseExactly(json) as Record<string, unknown>;
        expect((parsed.a as (number | bigint)[]).map(BigInt)).toEqual(all);
        expect(parsed[text]).toBe(`:${all[0]}\\" ${text}`);
      },
    ),
  );
  const doubles =
    '{"a":1234567890123456789.5,"b":12345678901234567e3,"c":0.00000000000000000012,"d":1e-00000000000000001,"e":"","f":12345678901234567.1}';
  expect(parseExactly(doubles)).toEqual(JSON.parse(doubles));
  expect(() => parseExactly("{")).toThrow("is no JSON");
});
