import { describe, expect, it } from "vitest";
import { WireWriter } from "../../src/otlp.js";

const steps: [name: string, step: (writer: WireWriter) => void, bytes: number[]][] = [
  ["a byte", (writer) => writer.byte(7), [7]],
  ["a short varint", (writer) => writer.varint(127), [127]],
  ["a long varint", (writer) => writer.varint(0xffffffff), [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ["a varint of 33 bits", (writer) => writer.varint64(1, 5), [0x85, 0x80, 0x80, 0x80, 0x10]],
  ["a varint of 64 bits", (writer) => writer.varint64(0x80000000, 0), [...Array(9).fill(0x80), 1]],
  ["eight bytes", (writer) => writer.fixed64(0x01020304, 0x050607f8), [0xf8, 7, 6, 5, 4, 3, 2, 1]],
  ["zeros", (writer) => writer.zeros(3), [0, 0, 0]],
  ["some bytes", (writer) => writer.range(Uint8Array.of(9, 1, 2, 3, 9), 1, 4), [1, 2, 3]],
  ["four bytes", (writer) => writer.fixed32(0x0102f3f4), [0xf4, 0xf3, 2, 1]],
  ["a double", (writer) => writer.double(-1.5), [0, 0, 0, 0, 0, 0, 0xf8, 0xbf]],
  ["hex digits", (writer) => writer.hex(0x8201, "fF01"), [0x81, 0x84, 0x02, 2, 0xff, 1]],
  ["a short text", (writer) => writer.text(0x0a, "ab"), [0x0a, 2, 0x61, 0x62]],
  ["a text", (writer) => writer.text(0x0a, "é"), [0x0a, 2, 0xc3, 0xa9]],
];

describe("a message written backwards", () => {
  it.each(steps)("is whole wherever the buffer ends: %s", (_, step, bytes) => {
    for (let room = 0; room < 12; room++) {
      const writer = new WireWriter();
      const behind = new Uint8Array(4 * 1024 - room).fill(0xee);
      writer.range(behind, 0, behind.length);
      const mark = writer.mark();
      step(writer);
      writer.message(0x12, mark);
      expect(writer.take().subarray(0, -behind.length)).toEqual(Uint8Array.of(0x12, bytes.length, ...bytes));
    }
  });

  it("starts over after a long message", () => {
    const writer = new WireWriter();
    for (const size of [3_000_000, 5]) {
      writer.reset();
      writer.range(new Uint8Array(size).fill(1), 0, size);
      expect(writer.mark()).toBe(size);
      expect(writer.take().every((byte) => byte === 1)).toBe(true);
    }
  });
});
