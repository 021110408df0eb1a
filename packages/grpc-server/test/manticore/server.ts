import { fileURLToPath } from "node:url";
import {
  freePorts,
  type RunningProgram,
  startProgram,
  untilReady,
} from "../../../../scripts/test-support/processes.js";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** The command as a process of its own, with Manticore Search as its backend. */
export interface ServerOnManticore {
  /** Of gRPC. */
  readonly address: string;
  readonly adminUrl: string;
  /** The process that runs now, or ran last. */
  readonly program: () => RunningProgram;
  /** Starts it, again at the same addresses, and waits until it is ready, or only until it serves. */
  readonly start: (until?: "ready" | "serving") => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * @param url where searchd listens for the MySQL protocol.
 * @param flags more flags of the command.
 */
export async function serverOnManticore(
  url: string,
  flags: readonly string[] = [],
): Promise<ServerOnManticore> {
  const [grpc, admin] = await freePorts(2);
  const address = `127.0.0.1:${grpc}`;
  const adminUrl = `http://127.0.0.1:${admin}`;
  let program: RunningProgram | undefined;
  return {
    address,
    adminUrl,
    program: () => {
      if (program === undefined) throw new Error("the server was not started");
      return program;
    },
    start: async (state = "ready") => {
      program = startProgram(
        [process.execPath, main],
        [
          "--backend=manticore",
          `--manticore.url=${url}`,
          `--listen=${address}`,
          `--admin=${new URL(adminUrl).host}`,
          ...flags,
        ],
      );
      await untilReady(`${adminUrl}/${state === "ready" ? "readyz" : "healthz"}`, program);
    },
    stop: async () => {
      await program?.stop();
    },
  };
}
