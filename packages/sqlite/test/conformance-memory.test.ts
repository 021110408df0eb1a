import { describeSpanStore } from "@spanstore/core/testing";
import { openSqliteStore } from "@spanstore/sqlite";
import { describe, it } from "vitest";

describeSpanStore(
  { describe, it },
  {
    name: "SQLite in memory",
    open: () => openSqliteStore({ path: ":memory:" }),
    persists: false,
    // The chapters that sharing one thread and one connection can break. The statements are the same as for a file.
    chapters: [
      "lifecycle",
      "writing",
      "watching",
      "retention",
      "expiring",
      "paging",
      "tenants",
      "large traces",
      "differential",
    ],
  },
);
