import { openMemoryStore } from "@spanstore/core";
import { startServer } from "@spanstore/grpc-server";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect, ServerUnreachable } from "./client.js";
import { runDemo } from "./demo.js";

async function demoLines(): Promise<string[]> {
  const store = openMemoryStore();
  const server = await startServer({ store, listen: "127.0.0.1:0" });
  const client = connect(server.address);
  onTestFinished(async () => {
    client.close();
    await server.close();
    await store.close();
  });
  const lines: string[] = [];
  await runDemo(client, (text) => lines.push(...text.split("\n")));
  return lines;
}

function section(lines: readonly string[], title: string): string[] {
  const start = lines.findIndex((line) => line.startsWith(title));
  expect(start, `no section ${title}`).toBeGreaterThanOrEqual(0);
  const end = lines.indexOf("", start);
  return lines.slice(start + 1, end < 0 ? undefined : end).map((line) => line.slice(2));
}

/** A table's rows without the ids and the times of day, which differ from run to run. */
function found(lines: readonly string[], title: string): string[] {
  const [, ...rows] = section(lines, title);
  return rows.map((row) => row.replace(/^[0-9a-f]{32} {2}\d\d:\d\d:\d\d\s+/, "").replace(/\s+/g, " "));
}

describe("npm run demo", () => {
  it("finds what it sent", async () => {
    const lines = await demoLines();
    expect(section(lines, "SERVICES")).toEqual(["cart  checkout  frontend  inventory  payment"]);
    expect(found(lines, "NEWEST TRACES").slice(0, 3)).toEqual([
      "742.0 ms 13 2 frontend: POST /checkout",
      "47.0 ms 4 - frontend: GET /",
      "58.0 ms 7 - frontend: POST /cart/items",
    ]);
    expect(found(lines, "NEWEST TRACES")).toHaveLength(10);
    expect(found(lines, "WITH AN ERROR")).toEqual([
      "742.0 ms 13 2 frontend: POST /checkout",
      "268.0 ms 11 5 frontend: POST /checkout",
    ]);
    expect(found(lines, "SLOW QUERIES")).toEqual(["1.87 s 4 - frontend: GET /search"]);
    expect(found(lines, "RETRIED")).toEqual(["742.0 ms 13 2 frontend: POST /checkout"]);
  });

  it("says that no server answers", async () => {
    const client = connect("127.0.0.1:1");
    onTestFinished(() => client.close());
    await expect(runDemo(client, () => {})).rejects.toBeInstanceOf(ServerUnreachable);
  });
});
