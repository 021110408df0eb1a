import { randomBytes } from "node:crypto";
import type { Client } from "../connection/client.js";
import type { Naming } from "./naming.js";
import { insertInto, stopTable } from "./schema.js";

/** The row of `…stop_terms` with the number of the layout, which is below 0, in `window_start`. */
export const numberId = 2;
const numberBytes = 6;

/** Changes the number of the layout after windows or stop terms were added. Call it before any row relies on them. */
export async function raiseLayout(client: Client, naming: Naming): Promise<void> {
  // Random, so that no two servers write the same number; -1 marks the row of the format.
  const number = -2 - randomBytes(numberBytes).readUIntBE(0, numberBytes);
  await client.query(
    `${insertInto("REPLACE", naming.target(naming.stopTerms), stopTable)}(${numberId},${number},'')`,
    { doing: "cannot write" },
  );
}
