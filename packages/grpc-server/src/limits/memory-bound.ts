export const mebibyte = 1024 * 1024;

/** Memory for searches, the engine and Node.js itself. */
const besideWrites = 512 * mebibyte;
/** A waiting write is in memory as its request, as rows or documents, and as its message to the engine. */
const copiesOfWrites = 3;
/** The memory of concurrent reads of every kind on SQLite, without any waiting writes. */
const leastForReads = 704 * mebibyte;

/**
 * The most bytes that the process occupies under any load.
 * @param waitingBytes `limits.waiting-bytes`.
 */
export function memoryBound(waitingBytes: number): number {
  return Math.max(leastForReads, besideWrites + copiesOfWrites * waitingBytes);
}
