// A face on a port in a process of its own, which tells its port and, when asked, its memory: node face.mjs OPTIONS.
import { openMemoryStore } from "@spanstore/core";
import { createHttpFace } from "@spanstore/http";

const store = openMemoryStore();
const face = createHttpFace(store, JSON.parse(process.argv[2] ?? "{}"));
const { port } = await face.listen();
process.send?.({ port });
process.on("message", () => {
  globalThis.gc?.();
  process.send?.({ bytes: process.memoryUsage.rss() });
});
