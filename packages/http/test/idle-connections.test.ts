import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { holdConnections } from "../../../scripts/test-support/held-connections.js";
import { until } from "../../../scripts/test-support/processes.js";

const program = fileURLToPath(new URL("./face.mjs", import.meta.url));
/** As many as a face takes unless it is told otherwise, but for those that ask it meanwhile. */
const idleConnections = 9_900;
const arrivalMs = 60_000;
/** Sockets, parsers and what Node.js keeps of each. */
const bytesOfConnection = 32 * 1024;

it("holds ten thousand idle connections in little memory, answers meanwhile, and closes them in time", async () => {
  const face = fork(program, [JSON.stringify({ arrivalMs })], { execArgv: ["--expose-gc"] });
  onTestFinished(() => void face.kill());
  const told = async (): Promise<{ readonly port: number; readonly bytes: number }> =>
    (await once(face, "message"))[0];
  const { port } = await told();
  const memory = async (): Promise<number> => {
    face.send("memory");
    return (await told()).bytes;
  };
  const services = async () => (await fetch(`http://127.0.0.1:${port}/api/services`)).status;
  expect(await services()).toBe(200);
  const before = await memory();
  using idle = holdConnections(port, idleConnections);
  await idle.allOpened();
  expect(await services()).toBe(200);
  expect((await memory()) - before).toBeLessThan(idleConnections * bytesOfConnection);
  await until(async () => (idle.counts().closed === idleConnections ? true : undefined), {
    what: "the end of idle connections",
    timeoutMs: 3 * arrivalMs,
    output: () => JSON.stringify(idle.counts()),
  });
  expect(await services()).toBe(200);
}, 400_000);
