import { type Client, integer, type Row } from "../connection/client.js";
import { SqlBytes } from "../connection/literals.js";
import type { Naming } from "../schema/naming.js";
import { insertInto, operationTable } from "../schema/schema.js";
import type { Window } from "../schema/windows.js";
import { appendRow, type OperationRow, startOf } from "./operation-rows.js";
import { maxGroups } from "./operations-in-spans.js";

/** searchd limits the values of a filter. */
const rowsPerStatement = 4_000;

/** The statements of the table of operations. */
export interface OperationTable {
  /** Inserts rows, or replaces those with the same id. */
  readonly put: (rows: readonly OperationRow[]) => Promise<void>;
  readonly remove: (ids: readonly bigint[]) => Promise<void>;
  /** The id and these columns of all rows with a token, read in pages. */
  readonly all: (columns: string, token: string, signal?: AbortSignal) => Promise<readonly Row[]>;
  readonly idsOf: (window: Window) => Promise<readonly bigint[]>;
  /** The windows with rows. */
  readonly windows: () => Promise<readonly Window[]>;
  readonly clear: () => Promise<void>;
}

export function createOperationTable(
  client: Client,
  naming: Pick<Naming, "operations" | "target" | "windows">,
  rowsPerPage: number,
): OperationTable {
  const { operations: table } = naming;
  const doing = `cannot write to ${table}`;
  const unlimited = `LIMIT ${maxGroups} OPTION max_matches=${maxGroups}`;

  return {
    put: async (rows) => {
      for (let at = 0; at < rows.length; at += rowsPerStatement) {
        const out = new SqlBytes();
        out.ascii(insertInto("REPLACE", naming.target(table), operationTable));
        rows.slice(at, at + rowsPerStatement).forEach((row, i) => {
          if (i > 0) out.comma();
          appendRow(out, row);
        });
        await client.query(out.toString(), { doing });
      }
    },

    remove: async (ids) => {
      for (let at = 0; at < ids.length; at += rowsPerStatement) {
        const some = ids.slice(at, at + rowsPerStatement).join(",");
        await client.query(`DELETE FROM ${naming.target(table)} WHERE id IN (${some})`, { doing });
      }
    },

    all: async (columns, token, signal) => {
      const rows: Row[] = [];
      for (let after = 0n; ; ) {
        const page = await client.query(
          `SELECT id, ${columns} FROM ${table} WHERE MATCH('"${token}"') AND id > ${after} ORDER BY id ASC ` +
            `LIMIT ${rowsPerPage} OPTION max_matches=${rowsPerPage}, ranker=none`,
          { signal, doing: "cannot read names" },
        );
        rows.push(...page);
        if (page.length < rowsPerPage) return rows;
        after = integer(page[page.length - 1] as Row, 0);
      }
    },

    idsOf: async (window) => {
      const rows = await client.query(
        `SELECT id FROM ${table} WHERE window_start = ${startOf(window)} ${unlimited}`,
      );
      return rows.map((row) => integer(row, 0));
    },

    windows: async () => {
      const rows = await client.query(`SELECT window_start FROM ${table} GROUP BY window_start ${unlimited}`);
      return rows.map((row) => naming.windows.at(integer(row, 0) * 1000n));
    },

    clear: async () => {
      await client.query(`TRUNCATE TABLE ${naming.target(table)}`);
    },
  };
}
