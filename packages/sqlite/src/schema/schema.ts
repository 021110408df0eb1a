import { SpanStoreError } from "@spanstore/core";
import type { Database as Connection } from "better-sqlite3";
import { driver } from "../connection/driver.js";
import { storeError } from "../connection/errors.js";

/** Marks the file as ours: "span" as a 32-bit number. */
const applicationId = 0x7370616e;

/**
 * One step a version, in order. Opening a file runs the steps it lacks. Released steps never change: add new ones.
 */
const migrations: readonly string[] = [
  // 1: - fragment: where a fragment's bytes are. Its id carries the time (ids.ts), so the order of ids is
  //      roughly the order of time, here and in the index.
  //    - trace_fragment: a trace's fragments by the hash of their content, which rejects copies.
  //    - block: the bytes of many fragments, compressed together, and the ids of these fragments.
  //    - term: the inverted index, a document a fragment. Contentless, since the terms are hashes.
  //    - operation: services, operations and kinds with the newest start of their spans.
  //    - counter: displacement (ids.ts), and the generation, which deletions raise.
  `
  CREATE TABLE fragment (
    id INTEGER PRIMARY KEY,
    block_id INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    newest INTEGER NOT NULL,
    cut TEXT
  );
  CREATE TABLE trace_fragment (
    trace_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (trace_id, hash)
  ) WITHOUT ROWID;
  CREATE TABLE block (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    size INTEGER NOT NULL,
    fragment_ids BLOB NOT NULL,
    data BLOB NOT NULL
  );
  CREATE VIRTUAL TABLE term USING fts5 (
    terms, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
  );
  CREATE TABLE operation (
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    newest INTEGER NOT NULL,
    PRIMARY KEY (service, name, kind)
  ) WITHOUT ROWID;
  CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO counter VALUES ('displacement', 0), ('generation', 0);
  `,
  // 2: - block.checksum: CRC-32 of the data, since decompressing does not detect all damage; NULL in older rows.
  `
  ALTER TABLE block ADD COLUMN checksum INTEGER;
  `,
  // 3: - segment, segment_page: the inverted index from this version on (terms/segments.ts): groups of fragments that are
  //      indexed together, and the pages of their postings. Older fragments stay in the table term.
  `
  CREATE TABLE segment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    fragments INTEGER NOT NULL,
    pages INTEGER NOT NULL
  );
  CREATE TABLE segment_page (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
  `,
  // 4: - segment_page.checksum: CRC-32 of the data; NULL in older rows.
  `
  ALTER TABLE segment_page ADD COLUMN checksum INTEGER;
  `,
];

const schemaVersion = migrations.length;
/** The first version in which the pages of the index have checksums. */
export const checksumsOfPages = 4;

export interface SchemaOptions {
  readonly path: string;
  /** `full`: acknowledged writes survive a power cut. `normal`: they survive a crash of the process. */
  readonly synchronous: "full" | "normal";
}

/**
 * Opens a file for writing and creates or migrates its schema. The connection waits for no lock; see `whenUnlocked`.
 * @throws INCOMPATIBLE_SCHEMA when the file is no database, belongs to another program, or has a newer version;
 *   STORE_UNAVAILABLE when it cannot be opened or written.
 */
export function openForWriting(options: SchemaOptions): Connection {
  return opening(options.path, () => {
    const db = driver()(options.path, { timeout: 0 });
    try {
      checkOwner(db, options.path);
      if (isEmpty(db)) db.pragma("auto_vacuum = INCREMENTAL");
      db.pragma("journal_mode = WAL");
      db.pragma(`synchronous = ${options.synchronous === "full" ? "FULL" : "NORMAL"}`);
      db.pragma("wal_autocheckpoint = 8000");
      db.pragma("temp_store = MEMORY");
      migrate(db, options.path);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Opens a read-only connection to a file that exists and has this version. */
export function openForReading(path: string): Connection {
  return opening(path, () => {
    return driver()(path, { readonly: true, fileMustExist: true, timeout: 5000 });
  });
}

/**
 * Opens a file read-only and checks its owner and version.
 * @throws like `openForWriting`.
 */
export function inspect(path: string): Connection {
  return opening(path, () => {
    const db = driver()(path, { readonly: true, fileMustExist: true, timeout: 5000 });
    try {
      checkOwner(db, path);
      checkVersion(db, path);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

function opening(path: string, open: () => Connection): Connection {
  try {
    return open();
  } catch (error) {
    throw storeError(error, `cannot open ${path}`);
  }
}

function isEmpty(db: Connection): boolean {
  return db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0;
}

function checkOwner(db: Connection, path: string): void {
  if (isEmpty(db) || db.pragma("application_id", { simple: true }) === applicationId) return;
  throw new SpanStoreError("INCOMPATIBLE_SCHEMA", `${path} is a database of another program`, {
    field: "path",
    hint: "name a file that does not exist yet, or one that spanstore made",
  });
}

function migrate(db: Connection, path: string): void {
  const upgrade = db.transaction(() => {
    const version = checkVersion(db, path);
    for (const step of migrations.slice(version)) db.exec(step);
    if (version < schemaVersion) {
      db.pragma(`application_id = ${applicationId}`);
      db.pragma(`user_version = ${schemaVersion}`);
    }
  });
  upgrade.immediate();
}

/** @returns the version of the file's schema. */
function checkVersion(db: Connection, path: string): number {
  const version = db.pragma("user_version", { simple: true }) as number;
  if (version <= schemaVersion) return version;
  throw new SpanStoreError(
    "INCOMPATIBLE_SCHEMA",
    `${path} has schema version ${version}; this program knows versions up to ${schemaVersion}`,
    { field: "path", hint: "use the newer spanstore that wrote it" },
  );
}
