/** Waits for all, then fails with the first failure: one that cannot be closed keeps no other open. */
export async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
}
