/** Waits for everything, failures too, and then fails with the first of them: what is closed later is closed all the same. */
export async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
}
