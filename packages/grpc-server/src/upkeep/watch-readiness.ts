import type { Logger } from "pino";
import type { Metrics } from "./metrics.js";
import type { ReadinessCheck } from "./readiness.js";

/** The interval of health checks, give or take a fifth. */
const intervalMs = 5000;

/**
 * Checks the store at every interval, so that it opens when its backend is back, even without calls. It reports changes to
 * the log and the metrics.
 * @returns a function that ends it.
 */
export function watchReadiness(readiness: ReadinessCheck, metrics: Metrics, log: Logger): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let last: boolean | undefined;

  const look = async (): Promise<void> => {
    const { ready, reason } = await readiness.ask();
    if (stopped) return;
    metrics.ready(ready);
    if (ready && last === false) log.info("the store serves again");
    if (!ready && last !== false) log.warn({ reason }, "the store does not serve");
    last = ready;
    timer = setTimeout(() => void look(), intervalMs * (0.8 + 0.4 * Math.random())).unref();
  };
  void look();

  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
