import { randomBytes } from "node:crypto";
import type { Client } from "../connection/client.js";
import type { Naming } from "./naming.js";
import { insertInto, stopTable } from "./schema.js";

/** The row of the table of stop terms that holds the number, below 0, in the column of windows. */
export const numberId = 2;
const numberBytes = 6;

/** Says that windows or stop terms were added; to be called before any row relies on them. */
export async function raiseLayout(client: Client, naming: Naming): Promise<void> {
  // Random, so that no two servers' are the same; -1 stands for how the space was made.
  const number = -2 - randomBytes(numberBytes).readUIntBE(0, numberBytes);
  await client.query(
    `${insertInto("REPLACE", naming.target(naming.stopTerms), stopTable)}(${numberId},${number},'')`,
    { doing: "cannot write" },
  );
}
