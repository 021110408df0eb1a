import fc from "fast-check";

/** A change of some bytes, at offsets given as parts of their length. */
type Change =
  | { readonly kind: "set"; readonly at: number; readonly byte: number }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "remove" | "repeat"; readonly at: number; readonly length: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array };

const at = fc.double({ min: 0, max: 1, noNaN: true });
/** What lengths, tags and numbers of protobuf go wrong with. */
const nasty = fc.constantFrom(0x00, 0x01, 0x0a, 0x12, 0x7f, 0x80, 0x0b, 0x0c, 0xfe, 0xff);

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), at, byte: fc.oneof(nasty, fc.nat(255)) }),
  fc.record({ kind: fc.constant("cut" as const), at }),
  fc.record({
    kind: fc.constantFrom("remove" as const, "repeat" as const),
    at,
    length: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({
    kind: fc.constant("insert" as const),
    at,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  }),
);

/** One of these messages with a few changes. */
export function mutated(messages: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.constantFrom(...messages), fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([message, changes]) => changes.reduce(applied, Buffer.from(message)));
}

function applied(bytes: Buffer, step: Change): Buffer {
  const place = Math.floor(step.at * bytes.length);
  const before = bytes.subarray(0, place);
  const after = bytes.subarray(place);
  switch (step.kind) {
    case "set":
      return Buffer.concat([before, Buffer.of(step.byte), after.subarray(1)]);
    case "cut":
      return before;
    case "remove":
      return Buffer.concat([before, after.subarray(step.length)]);
    case "repeat":
      return Buffer.concat([before, after.subarray(0, step.length), after]);
    case "insert":
      return Buffer.concat([before, step.bytes, after]);
  }
}
