import { createConnection } from "mysql2/promise";

/** A row as people see it: its columns in the order asked for, each value as text. */
export type SqlRow = Readonly<Record<string, string>>;

/**
 * Asks over the MySQL protocol, as the mysql program does.
 * @param url `mysql://HOST:PORT`.
 */
export async function askMysql(url: string, sql: string): Promise<SqlRow[]> {
  const { hostname: host, port } = new URL(url);
  const connection = await createConnection({
    host,
    port: Number(port),
    // Manticore has one database and wants its name.
    database: "Manticore",
    // Of text beyond the first plane mysql2 decodes only bytes right.
    typeCast: (field) => field.buffer()?.toString("utf8") ?? "NULL",
  });
  try {
    const [rows] = await connection.query(sql);
    return Array.isArray(rows) ? (rows as SqlRow[]).map((row) => ({ ...row })) : [];
  } finally {
    await connection.end();
  }
}

interface RawAnswer {
  readonly data: readonly SqlRow[];
  readonly error: string;
}

/**
 * Asks over HTTP, as curl does.
 * @param httpUrl `http://HOST:PORT`.
 */
export async function askHttp(httpUrl: string, sql: string): Promise<SqlRow[]> {
  const answer = await fetch(`${httpUrl}/sql?mode=raw`, {
    method: "POST",
    body: new URLSearchParams({ query: sql }),
  });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`${sql} answered ${answer.status}: ${body}`);
  // Numbers as text: an id has more digits than a number of JavaScript.
  const asText = body.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
  const [{ data, error }] = JSON.parse(asText) as [RawAnswer];
  if (error !== "") throw new Error(`${sql} answered: ${error}`);
  return [...data];
}
