import { readFile } from "node:fs/promises";
import { connectSpanStore } from "@spanstore/client";
import type { SpanStore } from "@spanstore/core";
import { address, type Config, fileProblem, tokenVariable, UsageError } from "@spanstore/grpc-server/program";
import { z } from "zod";
import { type CommandCall, type CommandFlags, type FlagValues, onOff } from "./command.js";
import { checkHealth, closingAtFailure, naming } from "./opening.js";

/** The flags of a running server that a command uses in place of the backend. */
export const serverFlags = {
  server: {
    placeholder: "HOST:PORT",
    help: "Ask a running server over gRPC in place of the backend.",
    schema: address.optional(),
  },
  "server.tls": {
    placeholder: "",
    help: "Speak TLS with --server.",
    schema: onOff,
  },
  "server.ca-file": {
    placeholder: "FILE",
    help: "The authorities to trust with --server.tls, PEM. Default: those of Node.js.",
    schema: z.string().optional(),
  },
  "server.cert-file": {
    placeholder: "FILE",
    help: "The client's certificate, for a server that asks for one, PEM.",
    schema: z.string().optional(),
  },
  "server.key-file": {
    placeholder: "FILE",
    help: "Its key, PEM.",
    schema: z.string().optional(),
  },
  "server.token-file": {
    placeholder: "FILE",
    help: "A file with the bearer token for --server. SPANSTORE_SERVER_TOKEN has the token itself.",
    schema: z.string().optional(),
  },
  "server.admin": {
    placeholder: "URL",
    help: "The admin port of --server, http://HOST:PORT, for commands that gRPC has no calls for.",
    schema: z
      .string()
      .regex(/^https?:\/\//, "must be http://HOST:PORT")
      .optional(),
  },
} as const satisfies CommandFlags;

export type ServerFlagValues = FlagValues<typeof serverFlags> & { readonly archive?: true | undefined };

/**
 * Connects to a running server.
 * @param asksHealth whether the command itself asks for the health; else an unhealthy server fails here.
 * @throws UsageError for wrong flags.
 */
export async function connectToServer(
  server: string,
  flags: ServerFlagValues,
  { config, environment }: Pick<CommandCall, "environment"> & { readonly config: Config },
  asksHealth: boolean,
): Promise<SpanStore> {
  const ca = await pemOf("server.ca-file", "CERTIFICATE", flags);
  const cert = await pemOf("server.cert-file", "CERTIFICATE", flags);
  const key = await pemOf("server.key-file", "PRIVATE KEY", flags);
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError(["--server.cert-file and --server.key-file go together"]);
  }
  const isTls = flags["server.tls"] || ca !== undefined || cert !== undefined;
  const token = (await contentOf("server.token-file", flags))?.trim() || environment[tokenVariable];
  return naming(nameOfServer(server), async () => {
    const store = connectSpanStore(server, {
      tenantHeader: config["tenancy.header"],
      ...(isTls ? { tls: { ca, cert, key } } : {}),
      ...(token ? { token } : {}),
      ...(flags["server.admin"] === undefined ? {} : { admin: flags["server.admin"] }),
      ...(flags.archive ? { metadata: { "spanstore-store": "archive" } } : {}),
    });
    if (!asksHealth) await closingAtFailure(store, () => checkHealth(store));
    return store;
  });
}

/** The name of a server in messages. */
export function nameOfServer(server: string): string {
  return `--server ${server}`;
}

type FileFlag = "server.ca-file" | "server.cert-file" | "server.key-file" | "server.token-file";

async function pemOf(flag: FileFlag, what: string, flags: ServerFlagValues): Promise<string | undefined> {
  const text = await contentOf(flag, flags);
  if (text === undefined || new RegExp(`-----BEGIN [A-Z ]*${what}-----`).test(text)) return text;
  throw new UsageError([`--${flag}: ${flags[flag]} holds no ${what.toLowerCase()} in PEM`]);
}

async function contentOf(flag: FileFlag, flags: ServerFlagValues): Promise<string | undefined> {
  const file = flags[flag];
  if (file === undefined) return undefined;
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError([`--${flag}: ${fileProblem("read", file, error)}`]);
  }
}
