import { describeSpanStore } from "@spanstore/core/testing";
import { openSqliteStore } from "@spanstore/sqlite";
import { describe, it } from "vitest";

describeSpanStore(
  { describe, it },
  { name: "SQLite in memory", open: () => openSqliteStore({ path: ":memory:" }), persists: false },
);
