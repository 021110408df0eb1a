import { createRandom, hash } from "./random.js";
import { databases, frontServices, innerServices, nouns, services, topics, verbs } from "./vocabulary.js";

/** OTLP's numbers of span kinds. */
export const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

export type SpanRole =
  | "server"
  | "rpcServer"
  | "rpcClient"
  | "database"
  | "internal"
  | "producer"
  | "consumer";

/** One of the ten spans of a flow: the part that every trace of the flow shares. */
export interface Slot {
  /** Index into `services`. */
  readonly service: number;
  /** Which of the flow's three services it is. */
  readonly seat: 0 | 1 | 2;
  /** Slot of the parent span; -1 for the root. */
  readonly parent: number;
  readonly role: SpanRole;
  readonly kind: number;
  readonly operation: string;
  /** Start and length as fractions of the parent span's duration. */
  readonly from: number;
  readonly share: number;
  /** The text that the attributes of its role speak of (a noun, a table, a topic). */
  readonly subject: string;
  readonly verb: string;
  readonly database: string;
  readonly topic: string;
  readonly port: number;
}

/** A kind of request: ten spans over three services, always in the same shape. */
export interface Flow {
  readonly slots: readonly Slot[];
  /** Duration of the root span in nanoseconds before the long tail is multiplied on. */
  readonly medianNano: number;
  /** Calls from one service to another that each trace of it makes, as indices into `services`. */
  readonly calls: readonly (readonly [parent: number, child: number])[];
}

export const spansPerTrace = 10;
const flowCount = 48;
const pickTableSize = 4096;

type Shape = "fan" | "chain" | "queue";
const shapes: readonly Shape[] = ["fan", "fan", "chain", "queue"];

function makeFlow(index: number): Flow {
  const random = createRandom(hash(0x5eed, index));
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const front = index % frontServices.length;
  const second = random.below(innerServices.length);
  const third = (second + 1 + random.below(innerServices.length - 1)) % innerServices.length;
  const seats = [front, frontServices.length + second, frontServices.length + third] as const;
  const shape = shapes[index % shapes.length] as Shape;
  const noun = pick(nouns);
  const verb = pick(verbs);
  const secondVerb = pick(verbs);
  const database = pick(databases);
  const topic = pick(topics);

  const make = (
    seat: 0 | 1 | 2,
    parent: number,
    role: SpanRole,
    operation: string,
    from: number,
    share: number,
    subject = noun,
  ): Slot => ({
    service: seats[seat],
    seat,
    parent,
    role,
    kind: kindOf(role),
    operation,
    from,
    share,
    subject,
    verb,
    database,
    topic,
    port: 8000 + seats[seat],
  });

  const method = verb === "Get" || verb === "List" ? "GET" : "POST";
  const secondName = services[seats[1]] as string;
  const thirdName = services[seats[2]] as string;
  const toThird = shape === "queue" ? `publish ${topic}` : `${thirdName}/${secondVerb}`;
  const atThird = shape === "queue" ? `process ${topic}` : `${thirdName}/${secondVerb}`;
  const thirdCaller = shape === "chain" ? 3 : 0;
  const thirdSeat = shape === "chain" ? 1 : 0;
  const slots: readonly Slot[] = [
    make(0, -1, "server", `${method} /api/${noun}s`, 0, 1),
    make(0, 0, "internal", `validate ${noun}`, 0.01, 0.06),
    make(0, 0, "rpcClient", `${secondName}/${verb}`, 0.1, 0.4),
    make(1, 2, "rpcServer", `${secondName}/${verb}`, 0.05, 0.88),
    make(1, 3, "database", `SELECT ${noun}s`, 0.1, 0.3),
    make(1, 3, "database", `UPDATE ${noun}s`, 0.45, 0.2),
    make(thirdSeat, thirdCaller, shape === "queue" ? "producer" : "rpcClient", toThird, 0.7, 0.22),
    make(2, 6, shape === "queue" ? "consumer" : "rpcServer", atThird, shape === "queue" ? 1.1 : 0.06, 0.85),
    make(2, 7, "database", `INSERT ${noun}s`, 0.1, 0.5),
    make(2, 7, "internal", `render ${noun}`, 0.65, 0.25),
  ];
  const calls = [
    [seats[0], seats[1]],
    [seats[shape === "chain" ? 1 : 0], seats[2]],
  ] as const;
  return { slots, medianNano: (4 + random.below(60)) * 1_000_000, calls };
}

function kindOf(role: SpanRole): number {
  switch (role) {
    case "server":
    case "rpcServer":
      return kinds.server;
    case "rpcClient":
    case "database":
      return kinds.client;
    case "producer":
      return kinds.producer;
    case "consumer":
      return kinds.consumer;
    case "internal":
      return kinds.internal;
  }
}

/** The flows of every data set; they do not depend on its seed. */
export const flows: readonly Flow[] = Array.from({ length: flowCount }, (_, i) => makeFlow(i));

/** Flow indices, the first flows far more often than the last, as traffic is. */
const pickTable: Uint8Array = (() => {
  const weights = flows.map((_, i) => 1 / (i + 1) ** 0.7);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const table = new Uint8Array(pickTableSize);
  let flow = 0;
  let edge = weights[0] as number;
  for (let at = 0; at < pickTableSize; at++) {
    while (flow < flowCount - 1 && (at / pickTableSize) * total >= edge) edge += weights[++flow] as number;
    table[at] = flow;
  }
  return table;
})();

/** The flow that a random 32-bit number falls on. */
export function pickFlow(random: number): number {
  return pickTable[random % pickTableSize] as number;
}
