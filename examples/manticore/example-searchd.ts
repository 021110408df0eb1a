import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocatedPeer } from "../../scripts/peers/locate.mjs";
import { freePorts, startProgram, untilReady } from "../../scripts/test-support/processes.js";

/** A searchd as the example configures it, for the tests of the examples. */
export interface ExampleSearchd {
  readonly url: string;
  /** Undefined of one that runs elsewhere: only its address for MySQL is known. */
  readonly httpUrl: string | undefined;
  close(): Promise<void>;
}

/** Starts one with manticore.conf, in a folder of its own and at other ports. */
export async function startExampleSearchd(located: LocatedPeer): Promise<ExampleSearchd> {
  if ("address" in located) return { url: located.address, httpUrl: undefined, close: async () => {} };
  const folder = mkdtempSync(join(tmpdir(), "spanstore-example-"));
  const data = join(folder, "manticore-data");
  await mkdir(data);
  const [sqlPort, httpPort] = await freePorts(2);
  const config = join(folder, "manticore.conf");
  const text = readFileSync(new URL("manticore.conf", import.meta.url), "utf8");
  writeFileSync(
    config,
    text
      .replaceAll(":9306:", `:${sqlPort}:`)
      .replaceAll(":9308:", `:${httpPort}:`)
      .replaceAll("= manticore-data", `= ${data}`),
  );
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  const program = startProgram(located.command, [
    ...(located.docker ? ["searchd"] : []),
    "--nodetach",
    "--config",
    config,
  ]);
  await untilReady(httpUrl, program);
  return {
    url: `mysql://127.0.0.1:${sqlPort}`,
    httpUrl,
    close: async () => {
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
