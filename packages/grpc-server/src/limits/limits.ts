import type { Metadata } from "@grpc/grpc-js";
import type { Place } from "@spanstore/core/engine";
import {
  type Connections,
  connectionsWithin,
  createConnections,
  createRoom,
  messageBytes,
  openFileLimit,
  type Party,
  type WireOptions,
} from "@spanstore/rpc";
import type { TenantOf } from "../routing/tenancy.js";
import { createIntake } from "./intake.js";
import { mebibyte } from "./memory-bound.js";

/** Bounds of a server's intake. */
export interface LimitOptions {
  /** The largest accepted request, decompressed. Default: 64 MiB. */
  readonly maxReceiveMessageBytes?: number;
  /** The most bytes of write requests, of all callers together, that are not durable yet. Default: 128 MiB. */
  readonly maxWaitingBytes?: number;
  /** The longest time for a request to arrive, from the start of its call, in milliseconds. Default: a minute. */
  readonly arrivalMs?: number;
  /** The largest read request, encoded. Default: 1 MiB. */
  readonly maxQueryBytes?: number;
  /**
   * The most connections to the ports of gRPC, and to each port of HTTP; fewer when the process may open few files.
   * Default: 1000.
   */
  readonly maxConnections?: number;
  /** The most calls of all connections at the same time, HTTP included. Default: 4096. */
  readonly maxCalls?: number;
}

/** Reasons of refusals, for the metrics. */
export type Refusal = "waiting" | "rate" | "questions" | "calls" | "connections";

/** The bounds of a running server. */
export interface Limits extends Pick<WireOptions, "opened" | "intakeOf"> {
  /** The connections to the ports of gRPC. */
  readonly connections: Connections;
  /** The connections to the admin port, counted apart so that it answers when the other ports are full. */
  readonly adminConnections: Connections;
  /** Creates the connections of one HTTP port other than the admin port. */
  httpConnections(): Connections;
  /** Room for the body of a call over HTTP. @param lost called when the room is given to another call. */
  place(need: "read" | "write", party: Party, lost: (error: unknown) => void): Place;
  /** Counts a call over HTTP. @returns a function that ends it. @throws OVERLOADED. */
  call(party: Party): () => void;
  /** Current use. */
  readonly taken: () => {
    readonly waitingBytes: number;
    /** The bound of `waitingBytes`. */
    readonly waitingBytesLimit: number;
    readonly calls: number;
    readonly connections: number;
  };
}

/** The room of read requests, in requests of the largest size. */
const largestQuestions = 32;
const maxAdminConnections = 100;
/** The parts of the process's open files. There are up to three ports of HTTP; the rest is for the store. */
const grpcPart = 3 / 8;
const httpPart = 1 / 16;
const adminPart = 1 / 8;

/** @param refused called for every refusal. */
export function createLimits(
  options: LimitOptions,
  tenantOf: TenantOf | undefined,
  refused: (what: Refusal) => void,
): Limits {
  const { maxWaitingBytes = 128 * mebibyte, maxQueryBytes = mebibyte } = options;
  const { maxCalls = 4096, maxConnections = 1000 } = options;
  const writes = createRoom({
    most: maxWaitingBytes,
    what: "bytes of spans are waiting to be written",
    refused: () => refused("waiting"),
  });
  const questions = createRoom({
    most: largestQuestions * maxQueryBytes,
    what: "bytes of questions are waiting to be answered",
    refused: () => refused("questions"),
  });
  const calls = createRoom({ most: maxCalls, what: "calls are open", refused: () => refused("calls") });
  const openFiles = openFileLimit();
  const connectionsOf = (most: number, part: number): Connections =>
    createConnections(connectionsWithin(openFiles, most, part), () => refused("connections"));
  const connections = connectionsOf(maxConnections, grpcPart);
  const call = (party: Party): (() => void) => {
    const place = calls.place(party);
    place.take(1);
    return place.release;
  };
  const partyOf = (headers: Metadata, connection: string): Party => ({
    connection,
    tenant: tenantOf && claimedTenant(tenantOf, headers),
  });
  return {
    connections,
    adminConnections: connectionsOf(maxAdminConnections, adminPart),
    httpConnections: () => connectionsOf(maxConnections, httpPart),
    call,
    place: (need, party, lost) => withOverhead((need === "write" ? writes : questions).place(party, lost)),
    opened: (headers, connection) => {
      const over = call(partyOf(headers, connection));
      const unused = connections.use(connection);
      return () => {
        over();
        unused();
      };
    },
    intakeOf: createIntake({
      writes,
      questions,
      maxWriteBytes: options.maxReceiveMessageBytes ?? 64 * mebibyte,
      maxQuestionBytes: maxQueryBytes,
      arrivalMs: options.arrivalMs ?? 60_000,
      partyOf,
    }),
    taken: () => ({
      waitingBytes: writes.held(),
      waitingBytesLimit: maxWaitingBytes,
      calls: calls.held(),
      connections: connections.count(),
    }),
  };
}

/** Wraps a place so that the first take adds a message's overhead. */
function withOverhead(place: Place): Place {
  let overhead = messageBytes;
  return {
    ...place,
    take: (amount) => {
      place.take(amount + overhead);
      overhead = 0;
    },
  };
}

/** The tenant of a call; undefined for an invalid one, since the call is refused elsewhere. */
function claimedTenant(tenantOf: TenantOf, headers: Metadata): string | undefined {
  try {
    return tenantOf((name) => headers.get(name));
  } catch {
    return undefined;
  }
}
