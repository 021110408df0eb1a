import { spawnSync } from "node:child_process";
import {
  diagnoseManticore,
  type ManticoreOptions,
  openManticoreMaintenance,
  openManticoreStore,
} from "@spanstore/manticore";
import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocatedPeer } from "../../../../scripts/peers/locate.mjs";
import { type Authority, createAuthority } from "../../../../scripts/test-support/certificates.js";
import { describeWithPeer } from "../../../../scripts/test-support/peers.js";
import { traces } from "../one-span.js";
import { freshPrefix, type Searchd, startSearchd } from "../searchd.js";

/** Opens a store, checks, writes, reads and deletes. */
async function live(options: ManticoreOptions): Promise<void> {
  await using store = await openManticoreStore({ prefix: freshPrefix(), retryMillis: 0, ...options });
  await store.health();
  await store.write(traces);
  expect(await store.getServices()).toEqual(["shop"]);
  await store.deleteBefore(2n ** 62n);
  await store.purge();
}

/** Whether searchd runs outside of a container, so that it can read files of the test. */
function isProgram(located: LocatedPeer): boolean {
  return "command" in located && !located.docker;
}

describeWithPeer("manticore", "a searchd with certificates", (located) => {
  const usable = isProgram(located);
  let authority: Authority;
  let stranger: Authority;
  let searchd: Searchd;
  beforeAll(async () => {
    if (!usable) return;
    [authority, stranger] = [createAuthority(), createAuthority()];
    const { certFile, keyFile } = authority.issue("searchd", "DNS:localhost", "IP:127.0.0.1");
    searchd = await startSearchd(located, {
      settings: ["binlog_flush = 1", `ssl_cert = ${certFile}`, `ssl_key = ${keyFile}`],
    });
  });
  afterAll(async () => {
    await searchd?.close();
    authority?.remove();
    stranger?.remove();
  });
  const url = (host: string): string => `mysqls://${host}:${new URL(searchd.url).port}`;

  it.skipIf(!usable).each(["127.0.0.1", "localhost"])("serves over TLS, by the name %s", async (host) => {
    await live({ url: url(host), ca: authority.ca });
  });

  it.skipIf(!usable)("is not trusted with another `ca`, or without one", async () => {
    const failure = {
      code: "STORE_UNAVAILABLE",
      field: "ca",
      message: expect.stringContaining("cannot be trusted"),
    };
    await expect(live({ url: url("127.0.0.1"), ca: stranger.ca })).rejects.toMatchObject(failure);
    await expect(live({ url: url("127.0.0.1") })).rejects.toMatchObject(failure);
  });

  it.skipIf(!usable)("is not trusted under a name that its certificate lacks", async () => {
    const { certFile, keyFile } = authority.issue("elsewhere", "DNS:elsewhere.example");
    const other = await startSearchd(located, {
      settings: [`ssl_cert = ${certFile}`, `ssl_key = ${keyFile}`],
    });
    try {
      const { port } = new URL(other.url);
      for (const host of ["127.0.0.1", "localhost"]) {
        const options = {
          url: `mysqls://${host}:${port}`,
          ca: authority.ca,
          prefix: freshPrefix(),
          retryMillis: 0,
        };
        await using store = await openManticoreStore(options);
        // Repeats it: the second connection may resume the TLS session of the first.
        for (let i = 0; i < 3; i++) {
          await expect(store.health()).rejects.toMatchObject({
            field: "ca",
            message: expect.stringContaining("does not match certificate's altnames"),
          });
        }
      }
    } finally {
      await other.close();
    }
  });

  it.skipIf(!usable)(
    "gets no unencrypted connection for mysqls:, even if it has no certificate",
    async () => {
      const plain = await startSearchd(located, { settings: [] });
      try {
        await expect(
          live({ url: plain.url.replace("mysql:", "mysqls:"), ca: authority.ca }),
        ).rejects.toMatchObject({
          code: "STORE_UNAVAILABLE",
          field: "url",
          hint: expect.stringContaining("ssl_cert"),
        });
      } finally {
        await plain.close();
      }
    },
  );
});

describeWithPeer("manticore", "a searchd with users", (located) => {
  const usable = isProgram(located);
  const prefix = freshPrefix();
  const password = "It's: p@ss/w0rd?";
  let searchd: Searchd;
  const asUser = (user: string, secret: string): string => {
    const url = new URL(searchd.url);
    return `mysql://${encodeURIComponent(user)}:${encodeURIComponent(secret)}@${url.host}`;
  };
  const asAdmin = async (...statements: readonly string[]): Promise<void> => {
    const { hostname: host, port } = new URL(searchd.url);
    const connection = await createConnection({
      host,
      port: Number(port),
      user: "admin",
      password: "Admin#2026",
      database: "Manticore",
    });
    try {
      for (const statement of statements) await connection.query(statement);
    } finally {
      await connection.end();
    }
  };
  beforeAll(async () => {
    if (!usable || !("command" in located)) return;
    searchd = await startSearchd(located, { settings: ["binlog_flush = 1", "auth = 1"] });
    const [command, ...args] = located.command;
    const { status, stderr } = spawnSync(
      command,
      [...args, "--config", searchd.config ?? "", "--auth-non-interactive"],
      { input: "admin\nAdmin#2026\nAdmin#2026\n", encoding: "utf8" },
    );
    expect(`${status} ${stderr}`).toBe("0 ");
    await asAdmin(
      `CREATE USER 'spanstore' IDENTIFIED BY '${password.replaceAll("'", "\\'")}'`,
      ...["read", "write", "schema"].map((right) => `GRANT ${right} ON '${prefix}*' TO 'spanstore'`),
      "CREATE USER 'reader' IDENTIFIED BY 'Reader#2026'",
      "GRANT read ON '*' TO 'reader'",
    );
  });
  afterAll(() => searchd?.close());

  it.skipIf(!usable)("serves a user with read, write and schema on only the store's tables", async () => {
    const url = asUser("spanstore", password);
    await live({ url, prefix });
    await using maintenance = openManticoreMaintenance({ url, prefix });
    await maintenance.flush();
    await maintenance.optimize();
    const findings = await diagnoseManticore({ url, prefix });
    expect(findings.filter(({ level }) => level !== "ok")).toEqual([]);
    await expect(live({ url, prefix: freshPrefix() })).rejects.toMatchObject({
      message: expect.stringContaining("Permission denied for user 'spanstore'"),
      field: "url",
    });
  });

  it.skipIf(!usable)(
    "refuses other users, with an error that names the option and not the password",
    async () => {
      for (const [user, secret] of [
        ["spanstore", "Wrong#2026"],
        ["nobody", "Wrong#2026"],
        ["", ""],
        ["reader", "Reader#2026"],
      ] as const) {
        const error: unknown = await live({ url: asUser(user, secret) }).then(
          undefined,
          (cause: unknown) => cause,
        );
        expect(error, user).toMatchObject({
          code: "STORE_UNAVAILABLE",
          field: "url",
          message: expect.stringContaining("refuses"),
          hint: expect.stringContaining("password"),
        });
        expect(String(error)).not.toContain("#2026");
      }
      expect(await diagnoseManticore({ url: asUser("spanstore", "Wrong#2026"), prefix })).toMatchObject([
        { level: "problem", subject: "searchd", text: expect.stringContaining("Access denied for user") },
      ]);
    },
  );

  it.skipIf(!usable)("serves again after a changed password is changed back", async () => {
    await using store = await openManticoreStore({
      url: asUser("spanstore", password),
      prefix,
      retryMillis: 0,
    });
    await store.write(traces);
    await asAdmin("SET PASSWORD 'Changed#2026' FOR 'spanstore'");
    // searchd does not check open connections again, so a restart closes them.
    await searchd.program()?.stop();
    await searchd.start();
    await expect(store.write(traces)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", field: "url" });
    await asAdmin(`SET PASSWORD '${password.replaceAll("'", "\\'")}' FOR 'spanstore'`);
    expect((await store.write(traces)).accepted).toBe(1);
  });
});
