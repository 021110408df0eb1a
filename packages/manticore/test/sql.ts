import { createConnection, type RowDataPacket } from "mysql2/promise";

/**
 * Runs a statement as a MySQL client does, and returns rows with the types of mysql2.
 * @param url `mysql://HOST:PORT`.
 */
export async function ask(url: string, statement: string): Promise<RowDataPacket[]> {
  const { hostname: host, port } = new URL(url);
  const connection = await createConnection({ host, port: Number(port), database: "Manticore" });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(statement);
    return rows;
  } finally {
    await connection.end();
  }
}
