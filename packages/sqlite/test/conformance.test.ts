import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeSpanStore } from "@spanstore/core/testing";
import { openSqliteStore } from "@spanstore/sqlite";
import { afterAll, describe, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "spanstore-conformance-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeSpanStore(
  { describe, it },
  {
    name: "SQLite in a file",
    open: (place) => openSqliteStore({ path: join(folder, `${place}.db`) }),
    persists: true,
    // Fewer cases, since every write waits for the disk and the store in memory runs the others.
    runs: 50,
  },
);
