import { type Client, decimal } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";

/** What a table takes, in bytes: its files and what only memory holds yet; 0 when it is gone. */
export async function sizeOf(client: Client, table: string): Promise<number> {
  try {
    const rows = await client.query(`SHOW TABLE ${table} STATUS`);
    const value = (name: string): number =>
      decimal(
        rows.find((row) => row[0]?.toString("latin1") === name),
        1,
      );
    return value("disk_bytes") + value("ram_chunk");
  } catch (error) {
    if (failureOf(error) === "no table") return 0;
    throw error;
  }
}

/** How many rows a table has; 0 when it is gone. */
export async function rowsOf(client: Client, table: string): Promise<number> {
  try {
    return decimal((await client.query(`SELECT COUNT(*) FROM ${table}`))[0], 0);
  } catch (error) {
    if (failureOf(error) === "no table") return 0;
    throw error;
  }
}
