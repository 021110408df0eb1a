// Bundled with esbuild: prints what opening a store comes to.
import { openMemoryStore } from "@spanstore/core";
import { createSpanStoreExporter } from "@spanstore/otel-exporter";
import { openSqliteStore } from "@spanstore/sqlite";

const exporter = createSpanStoreExporter(openMemoryStore());
await exporter.shutdown();
try {
  const store = await openSqliteStore({ path: ":memory:" });
  await store.close();
  console.log("opened");
} catch (error) {
  console.log(JSON.stringify({ code: error.code, hint: error.hint }));
}
