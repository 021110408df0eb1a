import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { connectSpanStore } from "@spanstore/client";
import { isSpanStoreError, type SpanStore } from "@spanstore/core";
import {
  address,
  type Config,
  fileProblem,
  openStore,
  type StoreRole,
  sqlitePath,
  tokenVariable,
  UsageError,
} from "@spanstore/grpc-server/program";
import { z } from "zod";
import { type CommandCall, type CommandFlags, type FlagValues, onOff } from "./command.js";

/** The flags that say which running server is asked in place of the backend, and how. */
export const serverFlags = {
  server: {
    placeholder: "HOST:PORT",
    help: "Ask a running server, over gRPC, and not the backend itself.",
    schema: address.optional(),
  },
  "server.tls": {
    placeholder: "",
    help: "Speak TLS with --server.",
    schema: onOff,
  },
  "server.ca-file": {
    placeholder: "FILE",
    help: "Certificates of authorities to trust with --server.tls, PEM. Default: those that Node.js trusts.",
    schema: z.string().optional(),
  },
  "server.cert-file": {
    placeholder: "FILE",
    help: "The client's certificate, where the server wants one, PEM.",
    schema: z.string().optional(),
  },
  "server.key-file": {
    placeholder: "FILE",
    help: "Its key, PEM.",
    schema: z.string().optional(),
  },
  "server.token-file": {
    placeholder: "FILE",
    help: "A file with the bearer token for --server. Also SPANSTORE_SERVER_TOKEN, the token itself.",
    schema: z.string().optional(),
  },
  "server.admin": {
    placeholder: "URL",
    help: "The admin port of --server, http://HOST:PORT, for what gRPC has no calls for.",
    schema: z
      .string()
      .regex(/^https?:\/\//, "must be http://HOST:PORT")
      .optional(),
  },
} as const satisfies CommandFlags;

/** The flags of every command that works on a store. */
export const storeFlags = {
  ...serverFlags,
  tenant: {
    placeholder: "NAME",
    help: "The store of this tenant.",
    schema: z.string().min(1, "must not be empty").optional(),
  },
  archive: {
    placeholder: "",
    help: "The archive in place of the store.",
    schema: onOff,
  },
} as const satisfies CommandFlags;

/** What of a call says which store is meant. */
type StoreCall = Pick<CommandCall, "config" | "environment" | "complain"> & {
  readonly flags: FlagValues<typeof serverFlags> & Partial<FlagValues<typeof storeFlags>>;
};

export interface StoreAccess {
  /** Whether the store is made when it is not there. */
  readonly creates?: boolean;
  /** It is given as a whole, with all tenants, whatever --tenant says. */
  readonly ofTenants?: boolean;
  /** Whether the command itself asks a server for its health. */
  readonly asksHealth?: boolean;
}

/**
 * Opens the store that a command means, on its backend or behind a running server, and closes it when `use` is done.
 * @throws UsageError for a store that a command can do nothing with.
 */
export async function withStore<T>(
  call: StoreCall,
  access: StoreAccess,
  use: (store: SpanStore) => Promise<T>,
): Promise<T> {
  return withStoreWhenNeeded(call, access, async (open) => use(await open()));
}

/** The same, opened when `use` asks for it; what can be told before of what the command line says is told before. */
export async function withStoreWhenNeeded<T>(
  call: StoreCall,
  access: StoreAccess,
  use: (open: () => Promise<SpanStore>) => Promise<T>,
): Promise<T> {
  const opener = checkedOpener(call, access);
  const { tenant } = call.flags;
  let opened: Promise<SpanStore> | undefined;
  try {
    return await use(async () => {
      opened ??= opener();
      const store = await opened;
      return tenant === undefined || access.ofTenants ? store : store.forTenant(tenant);
    });
  } finally {
    await (await opened?.catch(() => undefined))?.close();
  }
}

function checkedOpener(call: StoreCall, access: StoreAccess): () => Promise<SpanStore> {
  const { config, flags, complain } = call;
  const { server } = flags;
  if (server !== undefined) return () => connectToServer(call, server, access.asksHealth === true);
  const stray = Object.keys(serverFlags).filter(
    (name) => flags[name as keyof typeof serverFlags] !== undefined,
  );
  if (stray.length > 0) throw new UsageError(stray.map((name) => `--${name} needs --server`));
  if (config.backend === "memory") {
    throw new UsageError(["a store in memory lives in its server alone: name that with --server"]);
  }
  const role = flags.archive ? "archive" : "main";
  if (!access.creates) checkIsThere(config, role);
  return () => openStore(config, role, complain);
}

async function connectToServer(
  { config, flags, environment }: StoreCall,
  server: string,
  asksHealth: boolean,
): Promise<SpanStore> {
  const files = ["server.ca-file", "server.cert-file", "server.key-file"] as const;
  const [ca, cert, key] = await Promise.all(files.map((name) => contentOf(name, flags[name])));
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError(["--server.cert-file and --server.key-file go together"]);
  }
  const isTls = flags["server.tls"] || ca !== undefined || cert !== undefined;
  const token =
    (await contentOf("server.token-file", flags["server.token-file"]))?.trim() || environment[tokenVariable];
  const store = connectSpanStore(server, {
    tenantHeader: config["tenancy.header"],
    ...(isTls ? { tls: { ca, cert, key } } : {}),
    ...(token ? { token } : {}),
    ...(flags["server.admin"] === undefined ? {} : { admin: flags["server.admin"] }),
    ...(flags.archive ? { metadata: { "spanstore-store": "archive" } } : {}),
  });
  if (!asksHealth) await closingAtFailure(store, () => checkHealth(store));
  return store;
}

/** @throws why the store cannot serve. A server of another program need not tell its health. */
export async function checkHealth(store: SpanStore): Promise<void> {
  try {
    await store.health();
  } catch (error) {
    if (!isSpanStoreError(error) || error.code !== "UNSUPPORTED") throw error;
  }
}

/** Runs a step of opening a store; when it fails, the store is closed. */
export async function closingAtFailure<T>(store: SpanStore, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function contentOf(flag: string, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError([`--${flag}: ${fileProblem("read", file, error)}`]);
  }
}

/** A question makes no file. */
function checkIsThere(config: Config, role: StoreRole): void {
  if (config.backend !== "sqlite") return;
  const path = sqlitePath(config["sqlite.path"], role);
  if (existsSync(path)) return;
  throw new UsageError([`there is no file ${path}: name the store's file with --sqlite.path`]);
}
