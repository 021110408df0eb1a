import { statSync } from "node:fs";
import type { SpanStore } from "@spanstore/core";
import { checkTenantName } from "@spanstore/core/engine";
import {
  type Config,
  openStore,
  type StoreRole,
  sqlitePath,
  UsageError,
} from "@spanstore/grpc-server/program";
import { z } from "zod";
import { type CommandCall, type CommandFlags, type FlagValues, onOff } from "./command.js";
import { connectToServer, serverFlags } from "./server.js";

/** A tenant's name, checked as every store checks it. */
export const tenantName = z.string().transform((name, context) => {
  try {
    checkTenantName(name);
    return name;
  } catch {
    context.addIssue({ code: "custom", message: "must have 1 to 64 bytes" });
    return z.NEVER;
  }
});

/** The flags of every command that works on a store. */
export const storeFlags = {
  ...serverFlags,
  tenant: {
    placeholder: "NAME",
    help: "The store of this tenant.",
    schema: tenantName.optional(),
  },
  archive: {
    placeholder: "",
    help: "The archive in place of the store.",
    schema: onOff,
  },
} as const satisfies CommandFlags;

/** The parts of a call that name the store. */
type StoreCall = Pick<CommandCall, "config" | "environment" | "complain"> & {
  readonly flags: FlagValues<typeof serverFlags> & Partial<FlagValues<typeof storeFlags>>;
};

export interface StoreAccess {
  /** Whether to create a missing store. */
  readonly creates?: boolean;
  /** The command gets the store with all tenants, and reads --tenant itself. */
  readonly ofTenants?: boolean;
  /** Whether the command itself asks a server for its health. */
  readonly asksHealth?: boolean;
}

/**
 * Opens the store of a call, on its backend or behind a running server, and closes it when `use` is done.
 * @throws UsageError for a store that a command cannot use.
 */
export async function withStore<T>(
  call: StoreCall,
  access: StoreAccess,
  use: (store: SpanStore) => Promise<T>,
): Promise<T> {
  return withStoreWhenNeeded(call, access, async (open) => use(await open()));
}

/** As {@link withStore}, but `use` opens the store. Errors of the command line come before. */
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
  if (server !== undefined) return () => connectToServer(server, flags, call, access.asksHealth === true);
  const stray = Object.keys(serverFlags).filter(
    (name) => flags[name as keyof typeof serverFlags] !== undefined,
  );
  if (stray.length > 0) throw new UsageError(stray.map((name) => `--${name} needs --server`));
  if (config.backend === "memory") {
    throw new UsageError([
      "--backend is memory, and a store in memory lives in its server alone: name that with --server",
    ]);
  }
  const role = flags.archive ? "archive" : "main";
  if (!access.creates) checkIsThere(config, role);
  return () => openStore(config, role, complain);
}

/** A command that only reads must not create the file. */
function checkIsThere(config: Config, role: StoreRole): void {
  if (config.backend !== "sqlite") return;
  const path = sqlitePath(config["sqlite.path"], role);
  const info = statSync(path, { throwIfNoEntry: false });
  if (info !== undefined && !info.isDirectory()) return;
  const problem = info === undefined ? `there is no file ${path}` : `${path} is a folder`;
  throw new UsageError([`${problem}: name the store's file with --sqlite.path`]);
}
