import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createNameCodec } from "../../src/engine.js";

const codecs = {
  files: createNameCodec(/[a-z0-9_-]/, "%"),
  tables: createNameCodec(/[a-z0-9]/, "_"),
};

describe.each(Object.entries(codecs))("names of tenants as names of %s", (_, { encode, decode }) => {
  const names = fc.string({ unit: "binary", minLength: 1 });

  it("come back as they were", () => {
    fc.assert(fc.property(names, (name) => decode(encode(name)) === name));
  });

  it("have safe characters alone, without upper case", () => {
    fc.assert(fc.property(names, (name) => /^[a-z0-9_%-]+$/.test(encode(name))));
  });

  it("are decoded only from their own encoding", () => {
    const texts = fc.string({ unit: fc.constantFrom(..."aZ0_%-éff4155c3a9"), maxLength: 12 });
    fc.assert(
      fc.property(texts, (text) => {
        const name = decode(text);
        return name === undefined || encode(name) === text;
      }),
    );
    for (const text of ["", "A", "é", "%", "%4", "%4A", "%61", "%ff"]) expect(decode(text)).toBeUndefined();
  });
});

it("keeps the names of existing stores", () => {
  expect(codecs.files.encode("Team A_1-é")).toBe("%54eam%20%41_1-%c3%a9");
  expect(codecs.tables.encode("Team A_1-é")).toBe("_54eam_20_41_5f1_2d_c3_a9");
});
