import { once } from "node:events";
import { createServer } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../src/config/load.js";
import { diagnoseBackend, diagnoseStore } from "../../src/engines/diagnose.js";
import { storeWith } from "../harness.js";

/** The address of a server that answers every question with this, as a proxy or a limited user may get it. */
async function answering(body: string): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader("x-elastic-product", "Elasticsearch");
    response.setHeader("content-type", "application/vnd.elasticsearch+json;compatible-with=8");
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

it.each(["{}", "[]", "null", '{"nodes":{"a":{}}}', "", '"text"'])(
  "finds a problem where the backend answers %s, and does not fail",
  async (body) => {
    const flags = ["--backend=elasticsearch", `--elasticsearch.url=${await answering(body)}`];
    const findings = await diagnoseBackend(loadConfig(flags, {}).config, "main");
    expect(findings.map(({ level }) => level)).toContain("problem");
  },
);

it("reports a malformed answer of a store as a problem, and does not fail", async () => {
  const store = storeWith({ getServices: async () => undefined as unknown as string[] });
  expect(await diagnoseStore("server", store)).toEqual([
    {
      level: "problem",
      subject: "server",
      text: expect.stringMatching(/^an answer has not what it should have: .*length/),
      advice: expect.any(String),
    },
  ]);
});
