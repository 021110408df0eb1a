import { randomBytes } from "node:crypto";
import { generationId, type Server } from "./control-table.js";

const firstServerId = 1_000_000;
/** A server's walks stand in a row of their own, whose id is its own and this. */
const walkIds = 2 ** 49;

/** The ids of a server's rows. */
export interface ServerIds {
  readonly writes: number;
  readonly walks: number;
}

/** Makes the ids of a server, at random. */
export function createServerIds(): ServerIds {
  const writes = firstServerId + randomBytes(6).readUIntBE(0, 6);
  return { writes, walks: walkIds + writes };
}

/** The rows of the other servers. */
export function othersOf(rows: readonly Server[], own: ServerIds): readonly Server[] {
  return rows.filter(({ id }) => id !== generationId && id !== own.writes && id !== own.walks);
}

/** The generation that the rows tell; 0 before the first deletion. */
export function generationOf(rows: readonly Server[]): number {
  return rows.find(({ id }) => id === generationId)?.last ?? 0;
}

/** The highest number of a walk; 0 without walks. */
export function highestWalk(servers: readonly Server[]): number {
  return servers.reduce((high, { id, last }) => (id > walkIds ? Math.max(high, last) : high), 0);
}

/** The servers with a write under way, or to come, whose number is no higher. */
export function writersUpTo(servers: readonly Server[], number: number): readonly Server[] {
  return servers.filter(({ busy }) => busy !== 0 && busy <= number);
}
