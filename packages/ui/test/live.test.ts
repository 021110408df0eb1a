import fc from "fast-check";
import { expect, it } from "vitest";
import { createEventParser } from "../src/page/live/event-parser.js";

const text = ': hello\n\nevent: spans\ndata: {"a":1}\n\n:\n\ndata: one\ndata: two\n\n';
const events = [
  { name: "spans", data: '{"a":1}' },
  { name: "message", data: "one\ntwo" },
];

it("reads events however the text is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
      const parse = createEventParser();
      const places = [0, ...cuts.sort((a, b) => a - b), text.length];
      const found = places.flatMap((place, i) => (i === 0 ? [] : parse(text.slice(places[i - 1], place))));
      expect(found).toEqual(events);
    }),
  );
});

it("waits for the end of an event", () => {
  expect(createEventParser()("data: not yet\n")).toEqual([]);
});
