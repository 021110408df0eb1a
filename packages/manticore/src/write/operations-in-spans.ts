import { decimal, type Row } from "../connection/client.js";
import { literal, unescaped } from "../connection/literals.js";
import type { Place } from "../schema/places.js";
import type { Window } from "../schema/windows.js";

/** A service's operation in a window; the spans of a nameless service have none. */
export interface SeenOperation {
  readonly window: Window;
  readonly service: string;
  readonly name: string;
  readonly spanKind: string;
}

/** Groups that one statement tells of; with more, memory would be the bound. */
export const maxGroups = 1_000_000;

/** The operations that the spans of a window at a place say. */
export async function operationsInSpans({ client, naming }: Place, window: Window): Promise<SeenOperation[]> {
  const from = `FROM ${naming.spanTable(window)}`;
  const limit = `LIMIT ${maxGroups} OPTION max_matches=${maxGroups}`;
  // Names that differ in case alone are different names.
  const grouped = (sql: string): Promise<readonly Row[]> =>
    client.session(["SET collation_connection=binary", `${sql} ${limit}`]);
  const services = await grouped(
    `SELECT service_name, CRC32(service_name) AS s ${from} GROUP BY service_name`,
  );
  // Of several texts Manticore groups by their joined bytes, in which "ab" + "c" is "a" + "bc". So only the
  // name is grouped by as a text, and services by their checksums while those tell them apart.
  const columns = "service_name, operation_name, kind, CRC32(service_name) AS s, CRC32(kind) AS k";
  const isClear = new Set(services.map((row) => decimal(row, 1))).size === services.length;
  const wheres = isClear
    ? [""]
    : services.map(([name]) => ` WHERE service_name=${literal(unescaped(name as Buffer))}`);
  const seen: SeenOperation[] = [];
  for (const where of wheres) {
    const rows = await grouped(`SELECT ${columns}, COUNT(*) ${from}${where} GROUP BY s, k, operation_name`);
    for (const [service, name, kind] of rows) {
      if (service === undefined || service.length === 0) continue;
      seen.push({ window, service: textOf(service), name: textOf(name), spanKind: textOf(kind) });
    }
  }
  return seen;
}

/** A text as it was before it was written. */
export function textOf(bytes: Buffer | undefined): string {
  return bytes === undefined ? "" : unescaped(bytes).toString("utf8");
}
