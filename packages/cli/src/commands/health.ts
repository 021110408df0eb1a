import { once } from "node:events";
import { get as getHttp, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";
import { text } from "node:stream/consumers";
import { type Address, formatAddress, parseAddress } from "@spanstore/grpc-server/program";
import { defineCommand, onOff } from "../calling/command.js";
import { timeSpan } from "../calling/time-flags.js";

const defaultTimeout = 5_000_000_000n;
const nanosPerMilli = 1_000_000n;

export const health = defineCommand({
  name: "health",
  text: [
    "Asks a running server on this machine whether it can serve, at its --admin address, and says what it answers. For health checks of containers, which need no other program then.",
  ],
  arguments: [],
  flags: {
    live: {
      placeholder: "",
      help: "Ask whether the process answers at all, and not whether its store can be reached.",
      schema: onOff,
    },
    timeout: {
      placeholder: "TIME",
      help: "How long to wait for the answer. Default: 5s.",
      schema: timeSpan.optional(),
    },
  },
  examples: ["spanstore health", "spanstore health --live --admin=127.0.0.1:17272"],
  run: async ({ config, flags, output, signal, complain }) => {
    const isTls = config["tls.cert-file"] !== "none" && config["tls.admin"];
    const url = `${isTls ? "https" : "http"}://${loopbackOf(config.admin)}/${flags.live ? "healthz" : "readyz"}`;
    const timeout = AbortSignal.timeout(Number((flags.timeout ?? defaultTimeout) / nanosPerMilli));
    try {
      const answer = await ask(url, AbortSignal.any([signal, timeout]));
      await output.line((await text(answer)).trim());
      return answer.statusCode === 200 ? 0 : 1;
    } catch (error) {
      if (signal.aborted) throw error;
      complain(`${url} does not answer: ${reasonOf(error)}`);
      return 1;
    }
  },
});

async function ask(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  // It is this machine that is asked, and its certificate is for a name that others reach it by.
  const request = url.startsWith("https:")
    ? getHttps(url, { signal, rejectUnauthorized: false })
    : getHttp(url, { signal });
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  return answer;
}

/** Where a server that listens on all interfaces is reached from its own machine. */
function loopbackOf(listen: string): string {
  const { host, port } = parseAddress(listen) as Address;
  const isAny = host === "::" || host === "0.0.0.0";
  return formatAddress({ host: isAny ? "127.0.0.1" : host, port });
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}
