import { createHash } from "node:crypto";
import type { SqlBytes } from "../connection/literals.js";
import { contentId } from "../schema/ids.js";
import type { Window } from "../schema/windows.js";
import type { SeenOperation } from "./operations-in-spans.js";

/** The token of the rows of services. */
export const serviceToken = "services";

/** A row of the table of operations. */
export interface OperationRow {
  readonly window: Window;
  /** The token that a list is read by. */
  readonly token: string;
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  /** The key of the row within its window. */
  readonly parts: readonly string[];
}

/** Makes one row per operation, and one per service. */
export function rowsOf(seen: Iterable<SeenOperation>): OperationRow[] {
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

export function appendRow(out: SqlBytes, row: OperationRow): void {
  out.ascii(`(${idOf(row)},${startOf(row.window)},'${row.token}',`);
  out.text(row.service);
  out.comma();
  out.text(row.name);
  out.ascii(`,'${row.kind}')`);
}

export function startOf({ startUnixNano }: Window): bigint {
  return startUnixNano / 1000n;
}

/** The key of a name, the same in all windows. */
export function keyOf({ parts }: OperationRow): string {
  return JSON.stringify(parts);
}

/** The row of the latest window for each name. */
export function latest(rows: readonly OperationRow[]): ReadonlyMap<string, OperationRow> {
  const byKey = new Map<string, OperationRow>();
  for (const row of rows) {
    const other = byKey.get(keyOf(row));
    if (other === undefined || startOf(other.window) < startOf(row.window)) byKey.set(keyOf(row), row);
  }
  return byKey;
}

export function idOf({ window, parts }: OperationRow): bigint {
  // Manticore would choose another id for 0.
  return contentId(Buffer.from(JSON.stringify([window.name, ...parts]), "utf8")) || 1n;
}

/** The token of the rows of a service's operations. */
export function tokenOf(service: string): string {
  return `s${createHash("sha1").update(service).digest("hex").slice(0, 16)}`;
}
