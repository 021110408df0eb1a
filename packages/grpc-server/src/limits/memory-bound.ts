export const mebibyte = 1024 * 1024;

/** Searches, the engine, Node.js itself. */
const besideWrites = 512 * mebibyte;
/** A waiting write is held as it came, as rows or documents, and as it is sent to the engine. */
const copiesOfWrites = 3;
/** Reads of every kind at once need it on SQLite, however little waits to be written. */
const leastForReads = 704 * mebibyte;

/**
 * The most bytes that the process occupies, whatever its load.
 * @param waitingBytes `limits.waiting-bytes`.
 */
export function memoryBound(waitingBytes: number): number {
  return Math.max(leastForReads, besideWrites + copiesOfWrites * waitingBytes);
}
