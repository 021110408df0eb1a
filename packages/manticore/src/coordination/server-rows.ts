import { randomBytes } from "node:crypto";
import { generationId, type Server } from "./control-table.js";

const firstServerId = 1_000_000;
/** The id of a server's row of walks is its own id plus this. */
const walkIds = 2 ** 49;

/** The ids of a server's rows. */
export interface ServerIds {
  readonly writes: number;
  readonly walks: number;
}

/** Makes random ids for a server. */
export function createServerIds(): ServerIds {
  const writes = firstServerId + randomBytes(6).readUIntBE(0, 6);
  return { writes, walks: walkIds + writes };
}

/** The rows of the other servers. */
export function othersOf(rows: readonly Server[], own: ServerIds): readonly Server[] {
  return rows.filter(({ id }) => id !== generationId && id !== own.writes && id !== own.walks);
}

/** The generation in the rows; 0 before the first deletion. */
export function generationOf(rows: readonly Server[]): number {
  return rows.find(({ id }) => id === generationId)?.last ?? 0;
}

/** The highest number of a walk; 0 without walks. */
export function highestWalk(servers: readonly Server[]): number {
  return servers.reduce((high, { id, last }) => (id > walkIds ? Math.max(high, last) : high), 0);
}

/** The servers with a write, in flight or still to come, whose number is not above this one. */
export function writersUpTo(servers: readonly Server[], number: number): readonly Server[] {
  return servers.filter(({ busy }) => busy !== 0 && busy <= number);
}
