import { decimal, type Row } from "../connection/client.js";
import { literal, unescaped } from "../connection/literals.js";
import type { Place } from "../schema/places.js";
import type { Window } from "../schema/windows.js";

/** A service's operation in a window. Spans without a service name have none. */
export interface SeenOperation {
  readonly window: Window;
  readonly service: string;
  readonly name: string;
  readonly spanKind: string;
}

/** The most groups of one statement, a bound for memory. */
export const maxGroups = 1_000_000;

/** Reads the operations from the spans of a window at one place. */
export async function operationsInSpans({ client, naming }: Place, window: Window): Promise<SeenOperation[]> {
  const from = `FROM ${naming.spanTable(window)}`;
  const limit = `LIMIT ${maxGroups} OPTION max_matches=${maxGroups}`;
  // Names that differ only in case are different names.
  const grouped = (sql: string): Promise<readonly Row[]> =>
    client.session(["SET collation_connection=binary", `${sql} ${limit}`]);
  const services = await grouped(
    `SELECT service_name, CRC32(service_name) AS s ${from} GROUP BY service_name`,
  );
  // Manticore groups several texts by their joined bytes, in which "ab" + "c" equals "a" + "bc". So the statement
  // groups by one text, the name, and by checksums of service and kind. If two services share a checksum, it runs once
  // per service.
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

/** Decodes a stored text. */
export function textOf(bytes: Buffer | undefined): string {
  return bytes === undefined ? "" : unescaped(bytes).toString("utf8");
}
