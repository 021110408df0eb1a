import { accessSync, constants, readdirSync, type Stats, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { checkNode, type Finding, formatSize, ok, problem, problemOf, warning } from "@spanstore/core/engine";
import type { Database as Connection } from "better-sqlite3";
import { storeError } from "../connection/errors.js";
import { checksumsOfPages, inspect } from "../schema/schema.js";
import { openThreadedStore } from "../store.js";
import { countDamagedPages } from "../terms/segment-pages.js";
import { createReserve, logBytesOf } from "./reserve.js";

/** The first version with contentless FTS5 tables whose rows can be deleted. */
const oldestLibrary = [3, 43, 0];
const mebi = 1024 * 1024;
const gibi = 1024 * mebi;
const littleRoom = gibi;
const noRoom = 64 * mebi;
/** A write-ahead log grows past this only while a long read keeps SQLite from moving it into the file. */
const longLog = 2 * gibi;
/** Network file systems by Linux's magic number. SQLite's log needs shared memory, which they lack. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xfe534d42, "SMB"],
  [0xff534d42, "CIFS"],
  [0x01021997, "9P"],
]);

export interface DiagnosisOptions {
  /** The store's file; it may be missing. */
  readonly path: string;
  /** Whether to check the whole file for faults, which blocks this thread. Default: true. */
  readonly integrity?: boolean;
}

/**
 * Checks the driver and a store's file without changing anything. Problems and warnings say what to do. Reads the whole file
 * once unless `integrity` is false. Failures of the diagnosis are findings too.
 */
export async function diagnoseSqlite({
  path,
  integrity = true,
}: DiagnosisOptions): Promise<readonly Finding[]> {
  const file = statOf(path);
  const folder = resolve(dirname(path));
  const driver = await driverFinding();
  const findings = [driver, ...folderFindings(folder, path, file)];
  if (file === undefined) {
    return [...findings, ok("file", `there is no ${path} yet; it is made when it is used`)];
  }
  findings.push(...fileFindings(path, file));
  // The checks below need the driver and a readable file.
  if (findings.some(({ level }) => level === "problem")) return findings;
  try {
    const db = inspect(path);
    try {
      findings.push(...databaseFindings(db, path, integrity));
    } finally {
      db.close();
    }
  } catch (error) {
    findings.push(problemOf("database", storeError(error, "cannot look at it")));
  }
  return findings;
}

/** Opens a store in memory, which needs the driver's binary and the threads as a file does. */
async function driverFinding(): Promise<Finding> {
  try {
    checkNode();
    const store = await openThreadedStore({ path: ":memory:", synchronous: "full", readers: 1 });
    await store.close();
    return ok("driver", "better-sqlite3 loads");
  } catch (error) {
    return problemOf("driver", storeError(error, "cannot look at it"));
  }
}

function folderFindings(folder: string, path: string, file: Stats | undefined): Finding[] {
  const info = statOf(folder);
  if (info === undefined || !info.isDirectory()) {
    return [
      problem("folder", `there is no folder ${folder}`, "make it, or name another place with --sqlite.path"),
    ];
  }
  const findings: Finding[] = [
    isWritable(folder)
      ? ok("folder", `${folder} can be written`)
      : problem(
          "folder",
          `${folder} cannot be written by this user, and SQLite keeps its log beside the file`,
          "give the server's user the right to write to the folder",
        ),
  ];
  const { type, bavail, bsize } = statfsSync(folder);
  const network = networkFileSystems.get(type);
  if (network !== undefined) {
    findings.push(
      problem(
        "file system",
        `${folder} is on ${network}, where SQLite's write-ahead log does not work between machines`,
        "keep the file on a disk of this machine",
      ),
    );
  }
  findings.push(
    roomFinding(bavail * bsize, (file?.size ?? 0) + logBytesOf(path) + createReserve(path).bytes()),
  );
  return findings;
}

function roomFinding(free: number, used: number): Finding {
  const text = `${formatSize(free)} free, the store takes ${formatSize(used)}`;
  if (free < noRoom) {
    return problem("disk", `${text}: writes fail soon`, "make room, or let --retention delete earlier");
  }
  return free < Math.min(littleRoom, Math.max(used / 10, noRoom * 2))
    ? warning("disk", text, "make room, or let --retention delete earlier")
    : ok("disk", text);
}

function fileFindings(path: string, file: Stats): Finding[] {
  if (!file.isFile()) {
    return [problem("file", `${path} is no file`, "name a file with --sqlite.path")];
  }
  for (const each of [path, `${path}-wal`, `${path}-shm`]) {
    if (statOf(each) === undefined || isWritable(each)) continue;
    return [
      problem(
        "file",
        `${each} cannot be read and written by this user`,
        "give the server's user the right to read and write it; one user should run the server and its commands",
      ),
    ];
  }
  return [ok("file", `${path} can be read and written`)];
}

function databaseFindings(db: Connection, path: string, integrity: boolean): Finding[] {
  const library = String(db.prepare("SELECT sqlite_version()").pluck().get());
  const findings: Finding[] = [
    isOlder(library, oldestLibrary)
      ? problem(
          "library",
          `SQLite ${library} is older than ${oldestLibrary.join(".")}`,
          "install a newer better-sqlite3",
        )
      : ok("library", `SQLite ${library}`),
    ok("schema", `version ${String(db.pragma("user_version", { simple: true }))}`),
  ];
  const mode = String(db.pragma("journal_mode", { simple: true }));
  findings.push(
    mode === "wal"
      ? ok("journal mode", "wal")
      : warning(
          "journal mode",
          `${mode}: writes and reads wait for each other until a server has opened the file`,
        ),
  );
  const log = statOf(`${path}-wal`)?.size ?? 0;
  if (log > longLog) {
    findings.push(
      warning(
        "log",
        `the write-ahead log has grown to ${formatSize(log)}`,
        "look for a program that has had the file open for reading all the time, and end it",
      ),
    );
  }
  if (integrity) findings.push(integrityFinding(db));
  const free =
    Number(db.pragma("freelist_count", { simple: true })) * Number(db.pragma("page_size", { simple: true }));
  findings.push(ok("free pages", `${formatSize(free)} within the file wait to be used again`));
  const tenants = tenantFiles(path);
  if (tenants > 0) findings.push(ok("tenants", `${tenants}, each in its own file`));
  return findings;
}

function integrityFinding(db: Connection): Finding {
  const rows = db.pragma("quick_check(10)") as { readonly quick_check: unknown }[];
  const faults = rows.map((row) => String(row.quick_check));
  const version = db.pragma("user_version", { simple: true }) as number;
  const pages = version < checksumsOfPages ? 0 : countDamagedPages(db);
  if (faults.length === 1 && faults[0] === "ok") {
    if (pages === 0) return ok("integrity", "no fault found");
    return problem(
      "integrity",
      `${pages} pages of the index are damaged: searches that read them fail`,
      "read the traces by id, or export them, into a new file",
    );
  }
  return problem(
    "integrity",
    faults.join("; "),
    "stop the server, keep a copy of the file, and bring what can be read into a new one with export and import, or sqlite3's .recover",
  );
}

function tenantFiles(path: string): number {
  try {
    return readdirSync(`${path}.tenants`).filter((name) => name.endsWith(".sqlite")).length;
  } catch {
    return 0;
  }
}

function isOlder(version: string, than: readonly number[]): boolean {
  const parts = version.split(".").map(Number);
  const i = than.findIndex((part, at) => part !== (parts[at] ?? 0));
  return i >= 0 && (parts[i] ?? 0) < (than[i] as number);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Undefined for a missing file and for one in a folder that this user may not read. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
