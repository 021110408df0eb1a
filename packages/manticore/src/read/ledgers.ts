import {
  createCallLedger,
  createRollupLedger,
  type EngineReader,
  type LedgerSource,
} from "@spanstore/core/engine";
import { type Client, integer } from "../connection/client.js";
import type { Control } from "../coordination/control.js";
import type { Catalog } from "../schema/catalog.js";
import type { Naming } from "../schema/naming.js";
import type { Tuning } from "../schema/tuning.js";
import { fragmentColumns, fragmentOf } from "./fragments.js";
import { type RowBytes, wholeRows } from "./row-bytes.js";

const fragmentsPerPage = 256;

export interface LedgerParts {
  readonly client: Client;
  readonly naming: Naming;
  readonly catalog: Catalog;
  readonly control: Control;
  readonly reader: Pick<EngineReader, "candidates" | "fragments">;
  readonly rowBytes: RowBytes;
  readonly tuning: Tuning;
}

/**
 * Counts calls and spans for the dependency graph and rollups. It reads fragments: one row has all spans of a trace in
 * a request.
 */
export function createLedgers({
  client,
  naming,
  catalog,
  control,
  reader,
  rowBytes,
  tuning,
}: LedgerParts): Pick<Required<EngineReader>, "dependencies" | "rollups"> {
  const source: LedgerSource = {
    ...reader,
    sequence: control.sequence,
    generation: control.generation,
    async *tracesWritten(after, upTo, signal) {
      const tables = (await catalog.list(signal)).map(naming.fragmentTable).join(",");
      if (tables === "") return;
      for (let position = `sequence > ${after}`; ; ) {
        const maxBytes = tuning.fragmentBytes;
        const limit = Math.min(fragmentsPerPage, rowBytes.rowsWithin(maxBytes));
        const select =
          `SELECT ${fragmentColumns} FROM ${tables} WHERE ${position} AND sequence <= ${upTo} ` +
          `ORDER BY sequence ASC, id ASC LIMIT ${limit} OPTION max_matches=${limit}`;
        const options = { signal, doing: "cannot count spans", maxBytes };
        const [found = []] = await client.together([select], options);
        const { rows, isCut } = wholeRows(found);
        rowBytes.note(rows);
        yield rows.map((row) => fragmentOf(row).traceId);
        const last = rows[rows.length - 1];
        if ((!isCut && rows.length < limit) || last === undefined) return;
        const sequence = integer(last, 2);
        position = `(sequence > ${sequence} OR (sequence = ${sequence} AND id > ${integer(last, 0)}))`;
      }
    },
  };
  return { dependencies: createCallLedger(source), rollups: createRollupLedger(source) };
}
