import { connect, methods } from "../driver/client.js";
import type { Target } from "./target.js";

/**
 * A server that is already running, `NAME=HOST:PORT` or `NAME=HOST:PORT,PID`; with the process id its
 * processor time and memory are measured too. It should be empty.
 */
export function externalTarget(spec: string): Target {
  const match = /^([^=]+)=([^,]+)(?:,(\d+))?$/.exec(spec);
  const [, name, address, pid] = match ?? [];
  if (name === undefined || address === undefined)
    throw new Error(`--endpoint: NAME=HOST:PORT[,PID], not "${spec}"`);
  return {
    name,
    about: "a server that was already running",
    command: `(at ${address})`,
    persistent: false,
    keepsBytes: false,
    async start() {
      const client = connect(address);
      await client.unary(methods.getServices, Buffer.alloc(0));
      client.close();
      return {
        address,
        ...(pid === undefined ? {} : { processes: [Number(pid)] }),
        readySeconds: 0,
        stop: async () => 0,
      };
    },
  };
}
