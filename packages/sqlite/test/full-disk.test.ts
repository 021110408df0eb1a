import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SpanStore, TracesData } from "@spanstore/core";
import { openSqliteStore } from "@spanstore/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "spanstore-full-disk-"));
const disk = join(folder, "disk");
mkdirSync(disk);
const mebibyte = 1024 * 1024;

/** Mounts a small disk, which only root may do. */
function mount(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
const unmount = (): void => void execFileSync("umount", [disk]);
const canMount = mount();
if (canMount) unmount();

const baseTime = 1_800_000_000_000_000_000n;
const second = 1_000_000_000n;
const spansPerRequest = 50;
/** A megabyte of spans of the nth second that hardly compress. */
const requestOf = (n: number): TracesData => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "cart" } }] },
      scopeSpans: [
        {
          spans: Array.from({ length: spansPerRequest }, (_, i) => ({
            traceId: (n * spansPerRequest + i + 1).toString(16).padStart(32, "0"),
            spanId: "0123456789abcdef",
            name: "get",
            startTimeUnixNano: baseTime + BigInt(n) * second,
            endTimeUnixNano: baseTime + BigInt(n) * second,
            attributes: [{ key: "noise", value: { bytesValue: randomBytes(20_000) } }],
          })),
        },
      ],
    },
  ],
});
const tracesIn = async (store: SpanStore): Promise<number> =>
  (await store.findTraceIds({ limit: 1_000_000 })).traces.length;

/** Writes until the disk is full. @returns the number of written requests. */
async function fill(store: SpanStore): Promise<number> {
  for (let n = 0; ; n++) {
    try {
      await store.write(requestOf(n));
    } catch (error) {
      expect(error).toMatchObject({ code: "STORE_UNAVAILABLE", hint: "the disk is full" });
      return n;
    }
  }
}

describe.skipIf(!canMount)("SQLite on a full disk", { timeout: 120_000 }, () => {
  beforeEach(() => void mount());
  afterEach(unmount);

  it("deletes old spans in the room of its reserve, then accepts writes and restores the reserve", async () => {
    const path = join(disk, "spans.sqlite");
    await using store = await openSqliteStore({ path, synchronous: "normal" });
    const requests = await fill(store);
    expect(statSync(`${path}-reserve`).size).toBeGreaterThanOrEqual(4 * mebibyte);
    const { bavail, bsize } = statfsSync(disk);
    expect(bavail * bsize).toBeLessThan(2 * mebibyte);
    const half = Math.floor(requests / 2);
    const [gone] = await store.expire(baseTime + BigInt(half) * second);
    expect(gone?.spans).toBe(half * spansPerRequest);
    expect(await tracesIn(store)).toBe((requests - half) * spansPerRequest);
    for (let n = requests; n < requests + 5; n++) await store.write(requestOf(n));
    expect(await tracesIn(store)).toBe((requests + 5 - half) * spansPerRequest);
    expect(statSync(`${path}-reserve`).size).toBeGreaterThan(mebibyte);
    await store.health();
  });

  it("frees the disk by a purge", async () => {
    const path = join(disk, "spans.sqlite");
    await using store = await openSqliteStore({ path, synchronous: "normal" });
    await fill(store);
    await store.purge();
    const { bavail, bsize } = statfsSync(disk);
    expect(bavail * bsize).toBeGreaterThan(60 * mebibyte);
    expect(existsSync(`${path}-reserve`)).toBe(false);
    await store.write(requestOf(0));
  });
});

it("counts the log and the reserve in the size of the store", async () => {
  const path = join(folder, "size.sqlite");
  await using store = await openSqliteStore({ path, synchronous: "normal" });
  for (let n = 0; n < 12; n++) await store.write(requestOf(n));
  const sizes = [path, `${path}-wal`, `${path}-reserve`].map((file) => statSync(file).size);
  expect(sizes[1]).toBeGreaterThan(mebibyte);
  const { bytes } = await store.stats();
  expect(bytes).toBeGreaterThanOrEqual((sizes[1] ?? 0) + (sizes[2] ?? 0) + 10 * mebibyte);
  rmSync(folder, { recursive: true, force: true });
});
