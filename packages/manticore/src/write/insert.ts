import { SpanStoreError } from "@spanstore/core";
import { createTurns } from "@spanstore/core/engine";
import type { Client, Row } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import { SqlBytes, valuesOf } from "../connection/literals.js";
import { type IdRange, idIn, nextId } from "../schema/ids.js";
import { insertInto, type TableShape } from "../schema/schema.js";
import type { Tuning } from "../schema/tuning.js";
import type { NewRow } from "./rows.js";

/** Bytes of a statement besides the values of a row. */
const maxHeadBytes = 1024;
/** Bytes of a row's id with its punctuation. */
const maxIdBytes = 24;
/** Ids in one look-up. */
const idsPerLookup = 500;
/** After this many rounds with duplicate ids, another program must be changing the rows. */
const maxRounds = 100;

export interface Target {
  readonly table: string;
  /** The table's name in a write: with the cluster, if there is one. */
  readonly name: string;
  readonly shape: TableShape;
  readonly ids: IdRange;
  /** SQL in each row between its id and its values. */
  readonly lead?: string;
}

/**
 * Inserts rows in one transaction. It skips stored rows, and gives a row another id when other content has its id. So
 * it may be repeated, even while an earlier attempt still runs: Manticore keeps only the last row of an id.
 */
export async function insertRows(
  client: Client,
  target: Target,
  rows: readonly NewRow[],
  tuning: Tuning,
): Promise<void> {
  let left = distinct(
    target,
    rows.map((row) => ({ ...row, id: idIn(target.ids, row.unixNano, row.id) })),
  );
  for (let round = 0; left.length > 0; round++) {
    if (round === maxRounds) {
      throw new SpanStoreError(
        "STORE_UNAVAILABLE",
        `cannot write to ${target.table}: another program keeps changing its rows`,
      );
    }
    try {
      const statements = await statementsOf(target, left, tuning);
      const whole = statements.length === 1 ? statements : ["BEGIN", ...statements, "COMMIT"];
      await client.session(whole, { doing: `cannot write to ${target.table}` });
      return;
    } catch (error) {
      if (failureOf(error) !== "duplicate") throw error;
      left = await absent(client, target, left);
    }
  }
}

/** Drops copies, and gives each content its own id: of two rows with one id in one statement, one would be lost. */
function distinct({ ids }: Target, rows: readonly NewRow[]): NewRow[] {
  const byId = new Map<bigint, NewRow>();
  for (let row of rows) {
    let other = byId.get(row.id);
    while (other !== undefined && Buffer.compare(other.values, row.values) !== 0) {
      row = { ...row, id: nextId(ids, row.id) };
      other = byId.get(row.id);
    }
    if (other === undefined) byId.set(row.id, row);
  }
  return [...byId.values()].sort((a, b) => compare(a.likeness, b.likeness));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

async function statementsOf(
  { name, shape, lead = "" }: Target,
  rows: readonly NewRow[],
  { maxStatementBytes, maxPacketBytes }: Tuning,
): Promise<string[]> {
  const statements: string[] = [];
  const turns = createTurns();
  let left = rows.reduce((sum, { values }) => sum + values.length + lead.length + maxIdBytes, 0);
  let out: SqlBytes | undefined;
  for (const { id, values } of rows) {
    if (values.length > maxPacketBytes - maxHeadBytes) {
      throw new SpanStoreError("TOO_LARGE", `a row of ${values.length} bytes for ${name}`, {
        hint: "searchd takes larger ones with a higher max_packet_size",
      });
    }
    if (out !== undefined && out.length + values.length > maxStatementBytes) {
      statements.push(out.toString());
      out = undefined;
      await turns();
    }
    if (out === undefined) {
      // No larger than the statement gets: larger buffers trigger garbage collection sooner.
      out = new SqlBytes(Math.min(left, maxStatementBytes) + maxHeadBytes);
      out.ascii(insertInto("INSERT", name, shape));
    } else {
      out.comma();
    }
    out.ascii(`(${id},${lead}`);
    out.raw(values);
    out.ascii(")");
    left -= values.length + lead.length + maxIdBytes;
  }
  if (out !== undefined) statements.push(out.toString());
  return statements;
}

/** The rows that the table lacks, with a new id for those whose id other content has. */
async function absent(client: Client, target: Target, rows: readonly NewRow[]): Promise<NewRow[]> {
  const left: NewRow[] = [];
  for (let at = 0; at < rows.length; at += idsPerLookup) {
    const some = rows.slice(at, at + idsPerLookup);
    const stored = await lookUp(client, target, some);
    for (const row of some) {
      const found = stored.get(row.id);
      if (found === undefined) left.push(row);
      else if (!isSame(target, found, row)) left.push({ ...row, id: nextId(target.ids, row.id) });
    }
  }
  return distinct(target, left);
}

async function lookUp(
  client: Client,
  { table, shape }: Target,
  rows: readonly NewRow[],
): Promise<ReadonlyMap<bigint, Row>> {
  const columns = shape.columns.filter(({ derived }) => derived !== true).map(({ name }) => name);
  const ids = rows.map(({ id }) => id).join(",");
  const found = await client.query(
    `SELECT ${columns.join(",")} FROM ${table} WHERE id IN (${ids}) LIMIT ${rows.length} OPTION max_matches=${rows.length}`,
  );
  return new Map(found.map((row) => [BigInt((row[0] as Buffer).toString("latin1")), row]));
}

function isSame({ shape, lead = "" }: Target, stored: Row, { values }: NewRow): boolean {
  const own = valuesOf(Buffer.concat([Buffer.from(lead, "latin1"), values]));
  let at = 1;
  for (const [i, { derived }] of shape.columns.entries()) {
    if (i === 0 || derived === true) continue;
    if (Buffer.compare(stored[at++] as Buffer, own[i - 1] as Buffer) !== 0) return false;
  }
  return true;
}
