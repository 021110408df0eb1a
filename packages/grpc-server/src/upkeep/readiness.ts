import type { SpanStore } from "@spanstore/core";
import { messageOf } from "@spanstore/core/engine";

export interface Readiness {
  readonly ready: boolean;
  /** Why not; empty when ready. */
  readonly reason: string;
}

export interface ReadinessCheck {
  /** Asks the store, unless the server is shutting down. Concurrent calls share one check. */
  ask(): Promise<Readiness>;
  /** Answers not ready from now on. */
  drain(): void;
}

const answerWithinMs = 3000;

/** Checks whether the store can serve. A store that does not answer in time cannot. */
export function createReadinessCheck(store: Pick<SpanStore, "health">): ReadinessCheck {
  let draining = false;
  let asking: Promise<Readiness> | undefined;
  /** The reason in the last answer, which may have arrived after its check had timed out. */
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
