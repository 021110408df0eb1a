import { checkServerIdentity, TLSSocket } from "node:tls";
import { createPool, type PoolConnection } from "mysql2";
import type { Address, Settings } from "../options.js";

/** Connections to one address, made as they are needed. */
export interface Connections {
  readonly take: () => Promise<PoolConnection>;
  readonly close: () => Promise<void>;
}

const connectMillis = 5_000;
const idleMillis = 60_000;

export function openConnections(
  { host, port, user, password, tls }: Address,
  settings: Settings,
): Connections {
  const most = settings.writers * 2 + settings.readers;
  const pool = createPool({
    host,
    port,
    user,
    password,
    // Manticore has one database and wants its name; mysql2 asks for it in the handshake.
    database: "Manticore",
    // One character a byte, both ways: with any other, mysql2 would decode what is no text.
    charset: "BINARY",
    typeCast: false,
    // Statements are whole; mysql2 would look through all of each for placeholders.
    queryFormat: (sql) => sql,
    rowsAsArray: true,
    connectTimeout: connectMillis,
    connectionLimit: most,
    maxIdle: most,
    idleTimeout: idleMillis,
    enableKeepAlive: true,
    ...(tls ? { ssl: settings.ca === undefined ? {} : { ca: settings.ca } } : {}),
  });
  /** Whether the other side has shown a certificate of this host; sessions that are resumed show none. */
  let known = !tls;

  const check = (connection: PoolConnection): void => {
    const { stream } = connection as unknown as { readonly stream: unknown };
    if (known || !(stream instanceof TLSSocket)) return;
    // mysql2 looks at the authority alone.
    const mismatch = checkServerIdentity(host, stream.getPeerCertificate());
    if (mismatch !== undefined) throw mismatch;
    known = true;
  };

  return {
    take: () =>
      new Promise((resolve, reject) => {
        pool.getConnection((error, connection) => {
          if (error) return reject(error);
          try {
            check(connection);
            resolve(connection);
          } catch (mismatch) {
            connection.destroy();
            reject(mismatch);
          }
        });
      }),
    close: () => new Promise((resolve) => pool.end(() => resolve())),
  };
}
