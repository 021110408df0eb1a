import { isSpanStoreError } from "@spanstore/core";
import type { Place } from "@spanstore/core/engine";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRoom, type Party } from "../src/arriving/room.js";

const party = (connection: string, tenant?: string): Party => ({ connection, tenant });

function roomOf(most: number) {
  let time = 0;
  const room = createRoom({ most, what: "bytes wait", stallMs: 1000, now: () => time });
  return {
    ...room,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

function isTaken(place: Place, amount: number): boolean {
  try {
    place.take(amount);
    return true;
  } catch (error) {
    if (!isSpanStoreError(error) || error.code !== "OVERLOADED") throw error;
    return false;
  }
}

/** Takes one after the other until there is no room for more. */
function fill(room: ReturnType<typeof roomOf>, who: Party, amount: number): Place[] {
  const places: Place[] = [];
  for (;;) {
    const place = room.place(who);
    if (!isTaken(place, amount)) return places;
    places.push(place);
  }
}

describe("a room", () => {
  it("takes what is alone, however large, and refuses others meanwhile", () => {
    const room = roomOf(1000);
    const large = room.place(party("a"));
    large.take(900);
    large.take(900);
    expect(isTaken(room.place(party("b")), 1)).toBe(false);
    large.release();
    expect(room.held()).toBe(0);
    expect(isTaken(room.place(party("b")), 1)).toBe(true);
  });

  it("keeps its last eighth for connections and tenants that hold less than their share", () => {
    for (const [hog, other] of [
      [party("a"), party("b")],
      [party("a", "acme"), party("b", "other")],
      // A proxy's connection carries several tenants.
      [party("a", "acme"), party("a", "other")],
    ] as const) {
      const room = roomOf(8000);
      expect(fill(room, hog, 10)).toHaveLength(700);
      const honest = room.place(other);
      const isOfSameConnection = hog.connection === other.connection;
      expect(isTaken(honest, 1000)).toBe(!isOfSameConnection);
      honest.release();
    }
  });

  it("divides itself equally among those that want all of it", () => {
    const room = roomOf(9000);
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const held = new Map(names.map((name) => [name, 0]));
    for (let wanting = true; wanting; ) {
      wanting = false;
      for (const name of names) {
        if (!isTaken(room.place(party(name)), 10)) continue;
        held.set(name, (held.get(name) ?? 0) + 10);
        wanting = true;
      }
    }
    expect(Math.max(...held.values()) - Math.min(...held.values())).toBeLessThanOrEqual(10);
    // The ninth finds the place that is kept for it.
    expect(isTaken(room.place(party("i")), 900)).toBe(true);
  });

  it("gives the place of what stalls to what comes, and to nothing while there is room", () => {
    const room = roomOf(1000);
    const lost: unknown[] = [];
    const stalled = room.place(party("a"), (error) => lost.push(error));
    stalled.take(600);
    stalled.expect();
    const going = room.place(party("b"), (error) => lost.push(error));
    going.take(100);
    going.expect();
    room.pass(900);
    going.expect();
    room.pass(200);
    const next = room.place(party("c"));
    next.take(100);
    expect(lost).toEqual([]);
    next.take(300);
    expect(lost).toEqual([expect.objectContaining({ code: "OVERLOADED" })]);
    expect(room.held()).toBe(500);
  });

  it("does not give the place of others to a connection that has more than its share", () => {
    const room = roomOf(1000);
    const stalled = room.place(party("a"), () => expect.unreachable());
    stalled.take(100);
    stalled.expect();
    fill(room, party("b"), 50);
    room.pass(5000);
    expect(isTaken(room.place(party("b")), 50)).toBe(false);
  });

  it("does not give away the place of what waits for nothing", () => {
    const room = roomOf(1000);
    const whole = room.place(party("a"), () => expect.unreachable());
    whole.take(800);
    whole.expect();
    whole.settle();
    room.pass(5000);
    expect(isTaken(room.place(party("b")), 300)).toBe(false);
  });

  it("lets what waits in by turns, before what comes later, and not what has left", () => {
    const room = roomOf(1000);
    const entered: string[] = [];
    const first = room.place(party("a"));
    first.take(850);
    const enter = (name: string, amount: number) => {
      const place = room.place(party("a"));
      place.enter(amount, () => entered.push(name));
      return place;
    };
    const leaving = enter("leaving", 400);
    const large = enter("large", 300);
    enter("small", 10);
    expect(isTaken(room.place(party("a")), 10)).toBe(false);
    leaving.release();
    expect(entered).toEqual([]);
    first.release();
    expect(entered).toEqual(["large", "small"]);
    large.release();
    expect(room.held()).toBe(10);
  });

  it("lets no more wait than it may", () => {
    const room = roomOf(10);
    room.place(party("a")).take(10);
    const wait = () => room.place(party("b")).enter(10, () => {});
    for (let n = 0; n < 512; n++) wait();
    expect(wait).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
  });

  it("never holds more than it may but for one that is alone, and lets everything in that waits", () => {
    const most = 100;
    const operation = fc.record({
      kind: fc.constantFrom("take", "enter", "release", "giveBack", "expect", "settle", "pass"),
      place: fc.nat({ max: 9 }),
      amount: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const room = roomOf(most);
        const held = new Map<number, number>();
        const waits = new Set<number>();
        const places = Array.from({ length: 10 }, (_, n) =>
          room.place(party(`c${n % 3}`, n % 2 === 0 ? undefined : `t${n % 4}`), () => held.delete(n)),
        );
        const add = (n: number, amount: number) => held.set(n, (held.get(n) ?? 0) + amount);
        const check = () => {
          const sum = [...held.values()].reduce((a, b) => a + b, 0);
          expect(room.held()).toBe(sum);
          const holding = [...held.values()].filter((amount) => amount > 0);
          if (holding.length > 1) expect(sum).toBeLessThanOrEqual(Math.max(most, ...holding) + most);
        };
        for (const { kind, place: n, amount } of operations) {
          const place = places[n] as Place;
          if (kind === "take" && !waits.has(n) && isTaken(place, amount)) {
            add(n, amount);
          } else if (kind === "enter" && !waits.has(n) && (held.get(n) ?? 0) === 0) {
            waits.add(n);
            place.enter(amount, () => {
              waits.delete(n);
              add(n, amount);
            });
          } else if (kind === "release") {
            held.delete(n);
            waits.delete(n);
            place.release();
          } else if (kind === "giveBack") {
            const own = Math.min(amount, held.get(n) ?? 0);
            add(n, -own);
            place.giveBack(own);
          } else if (kind === "expect") {
            place.expect();
          } else if (kind === "settle") {
            place.settle();
          } else if (kind === "pass") {
            room.pass(amount * 50);
          }
          check();
        }
        for (let round = 0; round < 20; round++) {
          places.forEach((place, n) => {
            if (waits.has(n)) return;
            held.delete(n);
            place.release();
          });
        }
        expect([...waits]).toEqual([]);
      }),
    );
  });
});
