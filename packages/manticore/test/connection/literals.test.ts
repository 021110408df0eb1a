import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { type Client, createClient } from "../../src/connection/client.js";
import { literal, unescaped, valuesOf } from "../../src/connection/literals.js";
import { checkOptions } from "../../src/options.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

/** Texts that end a literal, a comment, a statement or a match in some dialect, or that escaping often misses. */
const nasty = [
  "'",
  "\\",
  "\\'",
  "''",
  "\\\\'",
  '"',
  "`",
  "\0",
  "\x01",
  "\x02",
  "\x1a",
  "\n",
  "\r",
  "--",
  "-- ",
  "#",
  "/*",
  "*/",
  ";",
  "); DROP TABLE x; --",
  "%",
  "_",
  "?",
  "??",
  ":a",
  "@a",
  "$",
  "^",
  "|",
  "(",
  ")",
  "<<",
  "~",
  "=",
  "MATCH('",
  "\u00e9",
  "\u{1f600}",
  "\ufffd",
  "\ufeff",
].map((text) => Buffer.from(text, "utf8"));
const bytes = fc
  .oneof(
    fc.array(fc.oneof(fc.constantFrom(...nasty), fc.uint8Array({ maxLength: 6 })), { maxLength: 20 }),
    fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 2 }),
  )
  .map((parts) => Buffer.concat(parts));

const textLists = fc.array(bytes, { minLength: 1, maxLength: 8 });

describeWithPeer("manticore", "literals", (located) => {
  let searchd: Searchd;
  let client: Client;
  const table = `${freshPrefix()}literals`;
  beforeAll(async () => {
    searchd = await startSearchd(located, { settings: ["binlog_flush = 0"] });
    client = createClient(checkOptions({ url: searchd.url }));
    await client.query(
      `CREATE TABLE ${table} (id bigint, words text indexed, kept text stored, named string)`,
    );
  });
  afterAll(async () => {
    await client?.close();
    await searchd?.close();
  });

  it("are stored byte for byte in every kind of column", async () => {
    let id = 0;
    await fc.assert(
      fc.asyncProperty(textLists, async (texts) => {
        const first = id + 1;
        const rows = texts.map((text) => `(${++id},${literal(text)},${literal(text)},${literal(text)})`);
        await client.query(`INSERT INTO ${table} (id,words,kept,named) VALUES ${rows.join(",")}`);
        const stored = await client.query(
          `SELECT kept, named FROM ${table} WHERE id >= ${first} ORDER BY id ASC LIMIT 100`,
        );
        expect(stored.map((row) => row.map((value) => unescaped(value).toString("hex")))).toEqual(
          texts.map((text) => [text.toString("hex"), text.toString("hex")]),
        );
      }),
      { numRuns: 300 },
    );
    expect(await client.query(`SELECT COUNT(*) FROM ${table}`)).toEqual([[Buffer.from(String(id))]]);
  });

  it("compare byte for byte", async () => {
    await fc.assert(
      fc.asyncProperty(bytes, bytes, async (a, b) => {
        await client.query(`REPLACE INTO ${table} (id,named) VALUES (1,${literal(a)})`);
        const rows = await client.session([
          "SET collation_connection=binary",
          `SELECT id FROM ${table} WHERE id = 1 AND named = ${literal(b)}`,
        ]);
        expect(rows.length).toBe(a.equals(b) ? 1 : 0);
      }),
      {
        numRuns: 200,
        examples: [
          [Buffer.from("A"), Buffer.from("a")],
          [Buffer.from("a\0"), Buffer.from("a")],
        ],
      },
    );
  });

  it("are parsed from a statement into the values that searchd returns", async () => {
    await fc.assert(
      fc.property(textLists, (texts) => {
        const values = valuesOf(Buffer.from(`-17,${texts.map(literal).join(",")},3`, "latin1"));
        expect(values.map((value) => unescaped(value).toString("hex"))).toEqual([
          Buffer.from("-17").toString("hex"),
          ...texts.map((text) => text.toString("hex")),
          Buffer.from("3").toString("hex"),
        ]);
      }),
    );
  });
});
