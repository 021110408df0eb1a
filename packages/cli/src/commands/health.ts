import { once } from "node:events";
import { get as getHttp, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";
import { text } from "node:stream/consumers";
import { formatDuration } from "@spanstore/core/text";
import { type Address, formatAddress, parseAddress } from "@spanstore/grpc-server/program";
import { type CommandCall, type CommandFlags, defineCommand, onOff } from "../calling/command.js";
import { naming } from "../calling/opening.js";
import { nameOfServer, serverFlags } from "../calling/server.js";
import { withStore } from "../calling/store.js";
import { timeSpan } from "../calling/time-flags.js";

const defaultTimeout = 5_000_000_000n;
const nanosPerMilli = 1_000_000n;

const flags = {
  live: {
    placeholder: "",
    help: "Ask only whether the process answers, and not whether it can reach its store.",
    schema: onOff,
  },
  timeout: {
    placeholder: "TIME",
    help: "How long to wait for the answer. Default: 5s.",
    schema: timeSpan.optional(),
  },
  ...serverFlags,
} as const satisfies CommandFlags;

export const health = defineCommand({
  name: "health",
  text: [
    "Asks a running server whether it can serve, and prints its answer: the server on this machine at its --admin address, or with --server any server over gRPC. A container's health check needs no other program.",
  ],
  arguments: [],
  flags,
  examples: [
    "spanstore health",
    "spanstore health --live --admin=127.0.0.1:17272",
    "spanstore health --server=spans.example:17271",
  ],
  exitCodes: { 0: "it can serve", 1: "it cannot, or does not answer" },
  run: async (call) => {
    const timeout = AbortSignal.timeout(Number((call.flags.timeout ?? defaultTimeout) / nanosPerMilli));
    return call.flags.server === undefined ? askAdmin(call, timeout) : askServer(call, timeout);
  },
});

type HealthCall = CommandCall<typeof flags>;

async function askAdmin(call: HealthCall, timeout: AbortSignal): Promise<number> {
  const { config, flags: given, output, signal, complain } = call;
  const isTls = config["tls.cert-file"] !== "none" && config["tls.admin"];
  const url = `${isTls ? "https" : "http"}://${loopbackOf(config.admin)}/${given.live ? "healthz" : "readyz"}`;
  try {
    const answer = await ask(url, AbortSignal.any([signal, timeout]));
    await output.line((await text(answer)).trim());
    return answer.statusCode === 200 ? 0 : 1;
  } catch (error) {
    if (signal.aborted) throw error;
    complain(`${url} does not answer${timeout.aborted ? ` ${withinTime(call)}` : `: ${reasonOf(error)}`}`);
    return 1;
  }
}

/** Asks over gRPC for the health, or with --live for anything that a running process answers. */
async function askServer(call: HealthCall, timeout: AbortSignal): Promise<number> {
  return withStore(call, { asksHealth: true }, async (store) => {
    const signal = AbortSignal.any([call.signal, timeout]);
    const name = nameOfServer(call.flags.server as string);
    try {
      await naming(name, async () => {
        if (call.flags.live) await store.capabilities({ signal });
        else await store.health({ signal });
      });
    } catch (error) {
      if (!timeout.aborted || call.signal.aborted) throw error;
      call.complain(`${name} does not answer ${withinTime(call)}`);
      return 1;
    }
    await call.output.line(call.flags.live ? "ok" : "ready");
    return 0;
  });
}

async function ask(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  // The server runs on this machine, and its certificate has the name that others use.
  const request = url.startsWith("https:")
    ? getHttps(url, { signal, rejectUnauthorized: false })
    : getHttp(url, { signal });
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  return answer;
}

/** The address to reach a server from its own machine, also when it listens on all interfaces. */
function loopbackOf(listen: string): string {
  const { host, port } = parseAddress(listen) as Address;
  const isAny = host === "::" || host === "0.0.0.0";
  return formatAddress({ host: isAny ? "127.0.0.1" : host, port });
}

function withinTime({ flags: { timeout = defaultTimeout } }: HealthCall): string {
  return `within ${formatDuration(timeout)}`;
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}
