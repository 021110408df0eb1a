/** Waits until all have settled, then throws the first failure. A failed close thus does not stop the others. */
export async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
}
