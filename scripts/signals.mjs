const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
const repetitionMs = 500;
const parentMs = 200;

/**
 * Calls `send` with each signal that this process gets, until the returned function is called. The end of the
 * parent counts as SIGTERM: npm gives its signals to a shell, and most shells die of them and tell their child nothing.
 * On Ctrl-C npm forwards the signal that the terminal has sent already: repetitions at once are dropped.
 */
export function forwardSignals(send) {
  const last = new Map();
  const take = (signal) => {
    const now = performance.now();
    if (now - (last.get(signal) ?? -Infinity) > repetitionMs) send(signal);
    last.set(signal, now);
  };
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    // The shell ends of the signal that came here, too.
    if (last.size === 0) take("SIGTERM");
  }, parentMs);
  timer.unref();
  for (const signal of signals) process.on(signal, take);
  return () => {
    clearInterval(timer);
    for (const signal of signals) process.off(signal, take);
  };
}
