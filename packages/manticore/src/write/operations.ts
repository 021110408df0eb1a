import { createHash } from "node:crypto";
import type { Operation } from "@spanstore/core";
import { createSeenSet } from "@spanstore/core/engine";
import { type Client, integer, type Row } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import { SqlBytes } from "../connection/literals.js";
import type { WriteTurn } from "../coordination/control.js";
import { contentId } from "../schema/ids.js";
import type { Naming } from "../schema/naming.js";
import type { Place } from "../schema/places.js";
import { insertInto, operationTable } from "../schema/schema.js";
import type { Tuning } from "../schema/tuning.js";
import type { Window } from "../schema/windows.js";
import { maxGroups, operationsInSpans, type SeenOperation, textOf } from "./operations-in-spans.js";

export interface Operations {
  /** Makes operations known whose spans are written, in this turn. */
  readonly note: (seen: Iterable<SeenOperation>, turn: Pick<WriteTurn, "generation">) => Promise<void>;
  /** Their rows may be lost: {@link Operations.note} writes them again. @returns windows that it noted some of. */
  readonly forget: () => readonly Window[];
  readonly services: (signal?: AbortSignal) => Promise<string[]>;
  readonly of: (service: string, signal?: AbortSignal) => Promise<Operation[]>;
  /** The windows that it knows operations of. */
  readonly windows: () => Promise<readonly Window[]>;
  /** Forgets what no span of these windows says any more; around it the generation has to be raised. */
  readonly prune: (windows: readonly Window[], present: (window: Window) => boolean) => Promise<void>;
  /** Makes known what the spans of these windows say, each name in the latest of them. */
  readonly renew: (windows: readonly Window[]) => Promise<void>;
  readonly clear: () => Promise<void>;
}

/** Operations that are remembered to be known, so that most writes need not touch their table. */
const maxKnown = 100_000;
const maxNoted = 64;
/** Within the number of values that a filter takes. */
const rowsPerStatement = 4_000;
const serviceToken = "services";

export function createOperations(
  client: Client,
  naming: Naming,
  places: readonly Place[],
  { rowsPerPage }: Tuning,
): Operations {
  const { operations: table } = naming;
  /** The start of the latest window that an operation is known in, by {@link keyOf}. */
  const known = createSeenSet<bigint>(maxKnown, (before, start) => before >= start);
  /** Windows that this server noted operations of, the latest last. */
  const noted = new Map<string, Window>();

  const put = async (rows: readonly OperationRow[]): Promise<void> => {
    for (let at = 0; at < rows.length; at += rowsPerStatement) {
      const out = new SqlBytes();
      out.ascii(insertInto("REPLACE", naming.target(table), operationTable));
      rows.slice(at, at + rowsPerStatement).forEach((row, i) => {
        if (i > 0) out.comma();
        appendRow(out, row);
      });
      await client.query(out.toString(), { doing: `cannot write to ${table}` });
    }
  };

  const remove = async (ids: readonly bigint[]): Promise<void> => {
    for (let at = 0; at < ids.length; at += rowsPerStatement) {
      const some = ids.slice(at, at + rowsPerStatement).join(",");
      await client.query(`DELETE FROM ${naming.target(table)} WHERE id IN (${some})`, {
        doing: `cannot write to ${table}`,
      });
    }
  };

  /** All rows that match, in pages. */
  const all = async (columns: string, match: string, signal?: AbortSignal): Promise<Row[]> => {
    const rows: Row[] = [];
    for (let after = 0n; ; ) {
      const page = await client.query(
        `SELECT id, ${columns} FROM ${table} WHERE MATCH('"${match}"') AND id > ${after} ORDER BY id ASC ` +
          `LIMIT ${rowsPerPage} OPTION max_matches=${rowsPerPage}, ranker=none`,
        { signal, doing: "cannot read names" },
      );
      rows.push(...page);
      if (page.length < rowsPerPage) return rows;
      const last = page[page.length - 1] as Row;
      after = integer(last, 0);
    }
  };

  const inSpansOf = async (window: Window): Promise<SeenOperation[]> => {
    const seen: SeenOperation[] = [];
    for (const place of places) seen.push(...(await operationsInSpans(place, window)));
    return seen;
  };

  return {
    note: async (operations, turn) => {
      const generation = await turn.generation();
      const rows = [...latest(rowsOf(operations)).values()].filter((row) => {
        const start = known.get(keyOf(row), generation);
        return start === undefined || start < startOf(row.window);
      });
      if (rows.length === 0) return;
      for (const { window } of rows) {
        noted.delete(window.name);
        noted.set(window.name, window);
        if (noted.size > maxNoted) noted.delete(noted.keys().next().value as string);
      }
      // Deletions go by time: while a later window has a name, no row of an earlier one is needed.
      const earlier = rows.flatMap((row) => {
        const start = known.get(keyOf(row), generation);
        return start === undefined ? [] : [idOf({ ...row, window: naming.windows.at(start * 1000n) })];
      });
      const before = client.restarts();
      await put(rows);
      if (client.restarts() !== before) return;
      known.confirm(
        rows.map((row) => [keyOf(row), startOf(row.window)]),
        generation,
      );
      await remove(earlier);
    },

    forget: () => {
      known.forget(() => true);
      return [...noted.values()];
    },

    services: async (signal) => {
      const rows = await all("service", serviceToken, signal);
      return [...new Set(rows.map(([, service]) => textOf(service)))];
    },

    of: async (service, signal) => {
      const operations = new Map<string, Operation>();
      for (const [, of, name, kind] of await all("service, name, kind", tokenOf(service), signal)) {
        if (textOf(of) !== service) continue;
        const operation = { name: textOf(name), spanKind: textOf(kind) };
        operations.set(`${operation.spanKind}:${operation.name}`, operation);
      }
      return [...operations.values()];
    },

    windows: async () => {
      const rows = await client.query(
        `SELECT window_start FROM ${table} GROUP BY window_start LIMIT ${maxGroups} OPTION max_matches=${maxGroups}`,
      );
      return rows.map((row) => naming.windows.at(integer(row, 0) * 1000n));
    },

    prune: async (windows, present) => {
      for (const window of windows) {
        const left = present(window) ? await inSpansOf(window) : [];
        const kept = new Set(rowsOf(left).map(idOf));
        const rows = await client.query(
          `SELECT id FROM ${table} WHERE window_start = ${startOf(window)} LIMIT ${maxGroups} OPTION max_matches=${maxGroups}`,
        );
        await remove(rows.map((row) => integer(row, 0)).filter((id) => !kept.has(id)));
      }
    },

    renew: async (windows) => {
      const listed = new Set<string>();
      for (const window of [...windows].sort((a, b) => (a.startUnixNano > b.startUnixNano ? -1 : 1))) {
        const rows = rowsOf(await inSpansOf(window).catch(noneOfDropped)).filter(
          (row) => !listed.has(keyOf(row)),
        );
        for (const row of rows) listed.add(keyOf(row));
        await put(rows);
      }
    },

    clear: async () => {
      await client.query(`TRUNCATE TABLE ${naming.target(table)}`);
    },
  };
}

/** A window that was dropped meanwhile says nothing. */
function noneOfDropped(error: unknown): readonly SeenOperation[] {
  if (failureOf(error) !== "no table") throw error;
  return [];
}

interface OperationRow {
  readonly window: Window;
  /** What lists are read by. */
  readonly token: string;
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  /** What tells it from the other rows of its window. */
  readonly parts: readonly string[];
}

/** A row an operation, and one a service. */
function rowsOf(seen: Iterable<SeenOperation>): OperationRow[] {
  const rows: OperationRow[] = [];
  const services = new Set<string>();
  for (const { window, service, name, spanKind } of seen) {
    const parts = [service, name, spanKind];
    rows.push({ window, token: tokenOf(service), service, name, kind: spanKind, parts });
    const key = `${window.name}\0${service}`;
    if (services.has(key)) continue;
    services.add(key);
    rows.push({ window, token: serviceToken, service, name: "", kind: "", parts: [service] });
  }
  return rows;
}

function appendRow(out: SqlBytes, row: OperationRow): void {
  out.ascii(`(${idOf(row)},${startOf(row.window)},'${row.token}',`);
  out.text(row.service);
  out.comma();
  out.text(row.name);
  out.ascii(`,'${row.kind}')`);
}

function startOf({ startUnixNano }: Window): bigint {
  return startUnixNano / 1000n;
}

/** Identifies a name in all windows. */
function keyOf({ parts }: OperationRow): string {
  return JSON.stringify(parts);
}

/** Of each name the row of the latest window. */
function latest(rows: readonly OperationRow[]): ReadonlyMap<string, OperationRow> {
  const byKey = new Map<string, OperationRow>();
  for (const row of rows) {
    const other = byKey.get(keyOf(row));
    if (other === undefined || startOf(other.window) < startOf(row.window)) byKey.set(keyOf(row), row);
  }
  return byKey;
}

function idOf({ window, parts }: OperationRow): bigint {
  // Manticore would choose another id for 0.
  return contentId(Buffer.from(JSON.stringify([window.name, ...parts]), "utf8")) || 1n;
}

/** A service's operations are found by this. */
function tokenOf(service: string): string {
  return `s${createHash("sha1").update(service).digest("hex").slice(0, 16)}`;
}
