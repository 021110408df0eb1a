import type { SpanStore } from "@spanstore/core";
import type { Expired } from "@spanstore/core/engine";
import { formatCount, formatInstant, formatSize, plain, table } from "@spanstore/core/text";
import { boundaryOf, keepMsOf, type RetentionPolicy, UsageError } from "@spanstore/grpc-server/program";
import {
  type CommandCall,
  type CommandFlags,
  defineCommand,
  type FlagValues,
  onOff,
} from "../calling/command.js";
import { storeFlags, withStore } from "../calling/store.js";
import { time, timeSpan } from "../calling/time-flags.js";

const retentionFlags = {
  before: {
    placeholder: "TIME",
    help: "Remove spans that started before this time: RFC 3339, or seconds since 1970.",
    schema: time.optional(),
  },
  "older-than": {
    placeholder: "TIME",
    help: "Remove spans that started longer ago than this, for example 7d. Default: --retention and --tenancy.retention.",
    schema: timeSpan.optional(),
  },
  exact: {
    placeholder: "",
    help: "Remove every span that started before the time, also from tables and indices with newer spans. It costs far more, and reports no counts.",
    schema: onOff,
  },
  "dry-run": {
    placeholder: "",
    help: "Only list what it would remove.",
    schema: onOff,
  },
  force: {
    placeholder: "",
    help: "Remove spans that started less than a minute ago, too: nearly everything.",
    schema: onOff,
  },
  ...storeFlags,
} as const satisfies CommandFlags;

/** Removing spans younger than this needs --force, since it is often a mistyped time. */
const youngestNanos = 60_000_000_000n;

export const retention = defineCommand({
  name: "retention",
  text: [
    "Removes old spans, as a server with --retention does by itself: whole tables and indices whose time is over; in SQLite the spans, and the file shrinks. Without --tenant it works on the store and those of all tenants. The archive stays, unless --archive names it.",
    "On a running server it needs --server.admin and, except for --dry-run, the server's --allow-purge.",
  ],
  arguments: [],
  flags: retentionFlags,
  examples: [
    "spanstore retention --older-than=7d --dry-run",
    "spanstore retention --before=2026-11-01 --tenant=acme",
  ],
  run: async (call) => {
    const boundary = boundaries(call);
    const { tenant, exact, force, "dry-run": dryRun } = call.flags;
    if (call.flags.server !== undefined && call.flags["server.admin"] === undefined) {
      throw new UsageError([
        "--server needs --server.admin=http://HOST:PORT here: gRPC has no call for that",
      ]);
    }
    if (exact && dryRun) throw new UsageError(["--exact and --dry-run exclude each other"]);
    const youngest = BigInt(Date.now()) * 1_000_000n - youngestNanos;
    return withStore(call, { ofTenants: true }, async (store) => {
      const rows: string[][] = [];
      const spaces = await spacesOf(store, tenant);
      const mayGo = dryRun || force || spaces.every((space) => (boundary(space.tenant) ?? 0n) <= youngest);
      if (!mayGo) {
        throw new UsageError([
          `${askedBy(call.flags)} removes spans that started less than a minute ago, and so nearly everything: add --force when you mean it, or --dry-run to see what would go`,
        ]);
      }
      for (const space of spaces) {
        const before = boundary(space.tenant);
        if (before === undefined) continue;
        if (exact) {
          await space.store.deleteBefore(before);
          rows.push([plain(space.tenant ?? "-"), "-", "-", "-", formatInstant(before)]);
          continue;
        }
        const expired = await space.store.expire(before, { dryRun: dryRun === true });
        rows.push(...expired.map((each) => [...rowOf(space.tenant, each), formatInstant(before)]));
      }
      const columns = [
        { title: "TENANT" },
        { title: "NAME" },
        { title: "SPANS", right: true },
        { title: "SIZE", right: true },
        { title: dryRun ? "WOULD GO: BEFORE" : "WENT: BEFORE" },
      ];
      const { output } = call;
      if (rows.length === 0) await output.line("no spans are that old");
      else for (const line of table(columns, rows)) await output.line(line);
      return 0;
    });
  },
});

/**
 * Returns the time before which the spans of a tenant, or of the default tenant, are old; undefined: never.
 * @throws UsageError unless the command line or the configuration names exactly one time.
 */
function boundaries({
  flags,
  config,
}: CommandCall<typeof retentionFlags>): (tenant?: string) => bigint | undefined {
  const { before, "older-than": olderThan } = flags;
  if (before !== undefined && olderThan !== undefined) {
    throw new UsageError(["--before and --older-than exclude each other"]);
  }
  if (before !== undefined) return () => before;
  const now = Date.now();
  if (olderThan !== undefined) {
    const limit = BigInt(now) * 1_000_000n - olderThan;
    return () => (limit < 0n ? 0n : limit);
  }
  const policy: RetentionPolicy = {
    keepMs: config.retention === "none" ? undefined : config.retention,
    ofTenants: config["tenancy.retention"],
  };
  if (policy.keepMs === undefined && policy.ofTenants.length === 0) {
    throw new UsageError(["say what is old: --before, --older-than or --retention"]);
  }
  return (tenant) => {
    const keepMs = keepMsOf(policy, tenant);
    return keepMs === undefined ? undefined : boundaryOf(keepMs, now);
  };
}

/** The option that sets the age, for messages. */
function askedBy(flags: FlagValues<typeof retentionFlags>): string {
  if (flags.before !== undefined) return "--before";
  return flags["older-than"] === undefined ? "--retention" : "--older-than";
}

interface Space {
  readonly tenant: string | undefined;
  readonly store: SpanStore;
}

async function spacesOf(store: SpanStore, tenant: string | undefined): Promise<Space[]> {
  if (tenant !== undefined) return [{ tenant, store: store.forTenant(tenant) }];
  const names = await store.tenants();
  return [
    { tenant: undefined, store },
    ...names.map((name) => ({ tenant: name, store: store.forTenant(name) })),
  ];
}

function rowOf(tenant: string | undefined, { name, spans, bytes }: Expired): string[] {
  return [
    plain(tenant ?? "-"),
    plain(name),
    spans === undefined ? "-" : formatCount(spans),
    bytes === undefined ? "-" : formatSize(bytes),
  ];
}
