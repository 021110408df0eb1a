import { describe, it } from "vitest";
import { openMemoryStore } from "../../src/memory/index.js";
import { describeSpanStore } from "../../src/testing/index.js";

describeSpanStore(
  { describe, it },
  { name: "the memory store", open: async () => openMemoryStore(), persists: false },
);
