import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectSpanStore } from "@spanstore/client";
import { openMemoryStore, type SpanStore } from "@spanstore/core";
import { describeSpanStore } from "@spanstore/core/testing";
import { openSqliteStore } from "@spanstore/sqlite";
import { afterAll, describe, it } from "vitest";
import { startServer } from "../../src/index.js";

const folder = mkdtempSync(join(tmpdir(), "spanstore-conformance-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A store behind a server, as its client has it; server and store are closed with the client. */
async function throughServer(store: SpanStore): Promise<SpanStore> {
  const server = await startServer({
    store,
    listen: "127.0.0.1:0",
    admin: "127.0.0.1:0",
    allowPurge: true,
    tenancy: { required: false },
  });
  const client = connectSpanStore(server.address, { admin: `http://${server.adminAddress}` });
  const close = async () => {
    await client.close();
    await server.close();
    await store.close();
  };
  return { ...client, close, [Symbol.asyncDispose]: close };
}

describeSpanStore(
  { describe, it },
  {
    name: "memory through gRPC",
    open: () => throughServer(openMemoryStore()),
    persists: false,
    runs: 50,
  },
);

describeSpanStore(
  { describe, it },
  {
    name: "SQLite through gRPC",
    // One reader and no waiting for the disk: what takes longest in most tests is to open the store.
    open: async (place) =>
      throughServer(
        await openSqliteStore({ path: join(folder, `${place}.db`), readers: 1, synchronous: "normal" }),
      ),
    persists: true,
    // What depends on answers that take their time, and on a store that persists. The protocol is that of the store in memory.
    chapters: ["lifecycle", "writing", "retention", "paging", "tenants", "large traces", "differential"],
    runs: 20,
  },
);
