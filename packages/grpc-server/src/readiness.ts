import type { SpanStore } from "@spanstore/core";

export interface Readiness {
  readonly ready: boolean;
  /** Why not; empty when ready. */
  readonly reason: string;
}

export interface ReadinessCheck {
  /** Asks the store, unless the server is going down. Calls at the same time share one question. */
  ask(): Promise<Readiness>;
  /** From now on the answer is no. */
  drain(): void;
}

const answerWithinMs = 3000;

/** Whether the store can serve now; a store that does not answer in time can not. */
export function createReadinessCheck(store: Pick<SpanStore, "health">): ReadinessCheck {
  let draining = false;
  let asking: Promise<Readiness> | undefined;
  return {
    async ask() {
      if (draining) return { ready: false, reason: "the server is shutting down" };
      asking ??= question(store).finally(() => {
        asking = undefined;
      });
      return asking;
    },
    drain() {
      draining = true;
    },
  };
}

async function question(store: Pick<SpanStore, "health">): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readiness>((resolve) => {
    const reason = `the store did not answer within ${answerWithinMs} ms`;
    timer = setTimeout(() => resolve({ ready: false, reason }), answerWithinMs);
  });
  const answer = store.health().then(
    () => ({ ready: true, reason: "" }),
    (error: unknown) => ({ ready: false, reason: error instanceof Error ? error.message : String(error) }),
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
