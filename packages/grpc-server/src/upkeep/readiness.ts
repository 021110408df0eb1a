import type { SpanStore } from "@spanstore/core";
import { messageOf } from "@spanstore/core/engine";

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
  /** Why it could not serve when it last answered. An answer may come after the wait for it has ended. */
  let lastReason = "";
  const answered = (readiness: Readiness): Readiness => {
    lastReason = readiness.reason;
    return readiness;
  };
  return {
    async ask() {
      if (draining) return { ready: false, reason: "the server is shutting down" };
      asking ??= question(store, answered, () => lastReason).finally(() => {
        asking = undefined;
      });
      return asking;
    },
    drain() {
      draining = true;
    },
  };
}

async function question(
  store: Pick<SpanStore, "health">,
  answered: (readiness: Readiness) => Readiness,
  lastReason: () => string,
): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readiness>((resolve) => {
    timer = setTimeout(() => {
      const last = lastReason();
      const reason = `the store did not answer within ${answerWithinMs} ms`;
      resolve({ ready: false, reason: last === "" ? reason : `${reason}; before that: ${last}` });
    }, answerWithinMs);
  });
  const answer = store.health().then(
    () => answered({ ready: true, reason: "" }),
    (error: unknown) => answered({ ready: false, reason: messageOf(error) }),
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
