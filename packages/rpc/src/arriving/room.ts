import { SpanStoreError } from "@spanstore/core";
import type { Place } from "@spanstore/core/engine";
import { createShares } from "./shares.js";

/** The owner of a place. Tenants get equal shares, and so do connections. */
export interface Party {
  readonly connection: string;
  readonly tenant: string | undefined;
}

/** A bounded amount of something, shared by all callers. */
export interface Room {
  /** @param lost called when the place waited too long for more bytes and its room was given to another call. */
  place(party: Party, lost?: (error: SpanStoreError) => void): Place;
  /** The amount taken. */
  held(): number;
}

export interface RoomOptions {
  readonly most: number;
  /** The end of the message of a refusal, after its number: "bytes of spans are waiting". */
  readonly what: string;
  /** Called for every refusal. */
  readonly refused?: () => void;
  /** How long a place may wait for more bytes while others need its room, in milliseconds. Default: 3 s. */
  readonly stallMs?: number;
  /** The time in milliseconds. Default: the process's. */
  readonly now?: () => number;
}

/** The most places that wait: each holds some bytes that are not counted. */
const maxWaiting = 512;

/** The state of a place. */
interface Holder {
  readonly party: Party;
  readonly lose: (error: SpanStoreError) => void;
  held: number;
  /** The time since which it waits for more bytes. */
  since: number;
}

interface Waiting {
  readonly holder: Holder;
  readonly amount: number;
  readonly entered: () => void;
}

function isSame(a: Holder, b: Holder): boolean {
  return a.party.connection === b.party.connection && a.party.tenant === b.party.tenant;
}

/** Creates a room. A place always enters an empty room, so one message may be larger than the room. */
export function createRoom(options: RoomOptions): Room {
  const { most, what, refused, stallMs = 3000, now = () => performance.now() } = options;
  const connections = createShares(most);
  const tenants = createShares(most);
  let held = 0;
  let waiting: readonly Waiting[] = [];
  /** Places that wait for more bytes, longest first. */
  const expecting = new Set<Holder>();

  const isFair = ({ party, held: own }: Holder, amount: number): boolean =>
    held === own ||
    (connections.allow(party.connection, amount, held) &&
      (party.tenant === undefined || tenants.allow(party.tenant, amount, held)));
  const fits = (holder: Holder, amount: number): boolean => held === holder.held || held + amount <= most;
  /** The room kept for the first waiting place that comes before `next`: one of its party, or one within its share. */
  const promised = (next: Holder): number =>
    waiting.find(({ holder, amount }) => isSame(holder, next) || isFair(holder, amount))?.amount ?? 0;
  const hasRoom = (holder: Holder, amount: number): boolean =>
    isFair(holder, amount) && fits(holder, amount + promised(holder));

  const add = (holder: Holder, amount: number): void => {
    if (amount === 0) return;
    const { connection, tenant } = holder.party;
    holder.held += amount;
    held += amount;
    connections.add(connection, amount);
    if (tenant !== undefined) tenants.add(tenant, amount);
  };

  const letIn = (): void => {
    const passed: Holder[] = [];
    for (const one of waiting) {
      if (!waiting.includes(one)) continue;
      if (passed.some((other) => isSame(other, one.holder)) || !isFair(one.holder, one.amount)) {
        passed.push(one.holder);
        continue;
      }
      // Later places wait too: otherwise a large one would never have its turn.
      if (!fits(one.holder, one.amount)) return;
      waiting = waiting.filter((other) => other !== one);
      add(one.holder, one.amount);
      one.entered();
    }
  };

  const release = (holder: Holder): void => {
    expecting.delete(holder);
    waiting = waiting.filter((one) => one.holder !== holder);
    add(holder, -holder.held);
    letIn();
  };

  const overloaded = (message: string): SpanStoreError => {
    refused?.();
    return new SpanStoreError("OVERLOADED", message, { hint: "try again later" });
  };

  /** A place beyond its share takes no room from connections that hold less. */
  const mayTakeFrom = (stalled: Holder, holder: Holder, amount: number): boolean =>
    isFair(holder, amount) ||
    connections.of(stalled.party.connection) >= connections.of(holder.party.connection);

  /** Ends places that have waited too long for more bytes, until there is room. */
  const makeRoom = (holder: Holder, amount: number): void => {
    for (const stalled of expecting) {
      if (now() - stalled.since < stallMs || hasRoom(holder, amount)) return;
      if (stalled === holder || !mayTakeFrom(stalled, holder, amount)) continue;
      release(stalled);
      stalled.lose(overloaded("the rest of the request did not come, and others need its room"));
    }
  };

  return {
    held: () => held,
    place(party, lost) {
      const holder: Holder = { party, lose: lost ?? (() => {}), held: 0, since: 0 };
      return {
        take: (amount) => {
          if (!hasRoom(holder, amount)) makeRoom(holder, amount);
          if (!hasRoom(holder, amount)) throw overloaded(`more than ${most} ${what}`);
          add(holder, amount);
        },
        enter: (amount, entered) => {
          if (!hasRoom(holder, amount)) makeRoom(holder, amount);
          if (hasRoom(holder, amount)) {
            add(holder, amount);
            entered();
          } else {
            if (waiting.length >= maxWaiting)
              throw overloaded(`more than ${maxWaiting} streams wait for room`);
            waiting = [...waiting, { holder, amount, entered }];
          }
        },
        giveBack: (amount) => {
          add(holder, -amount);
          letIn();
        },
        expect: () => {
          expecting.delete(holder);
          holder.since = now();
          expecting.add(holder);
        },
        settle: () => void expecting.delete(holder),
        release: () => release(holder),
      };
    },
  };
}
