const mebibyte = 1024 * 1024;

/** Searches, the engine, Node.js itself. */
const besideWrites = 512 * mebibyte;
/** What waits is held as it came, as rows or documents, and as it is sent to the engine. */
const copiesOfWrites = 3;
/** Reads of every kind at once need it on SQLite, however little waits to be written. */
const leastForReads = 704 * mebibyte;

/**
 * How many bytes the process occupies at most, however much is sent to it and asked of it.
 * @param waitingBytes `limits.waiting-bytes`.
 */
export function memoryBound(waitingBytes: number): number {
  return Math.max(leastForReads, besideWrites + copiesOfWrites * waitingBytes);
}
