import { expect, it } from "vitest";
import { createSpanStore } from "../../src/engine.js";
import { createMemoryEngine } from "../../src/memory/engine.js";
import { tracesOf } from "../../src/testing/spans.js";

it("runs a bounded number of searches at once, the others in turn, and none whose signal has fired", async () => {
  const engine = createMemoryEngine();
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let running = 0;
  let most = 0;
  let begun = 0;
  await using store = createSpanStore({
    ...engine,
    async *candidates(search, signal) {
      begun++;
      most = Math.max(most, ++running);
      await opened;
      try {
        yield* engine.candidates(search, signal);
      } finally {
        running--;
      }
    },
  });
  await store.write(tracesOf({ trace: 1, service: "a" }));
  const searches = Array.from({ length: 200 }, (_, n) => store.findTraceIds({ service: n % 2 ? "a" : "b" }));
  const leaving = new AbortController();
  const left = Array.from({ length: 50 }, () => store.findTraceIds({}, { signal: leaving.signal }));
  const late = store.findTraceIds({}, { signal: AbortSignal.abort() });
  leaving.abort();
  // An aborted search does not wait.
  for (const each of await Promise.allSettled([...left, late]))
    expect(each).toMatchObject({ reason: { code: "ABORTED" } });
  open();
  const answers = await Promise.all(searches);
  expect(answers.map(({ traces }) => traces.length)).toEqual(searches.map((_, n) => n % 2));
  expect(begun).toBe(200);
  expect(most).toBe(32);
  expect(await store.findTraceIds({ service: "a" })).toMatchObject({ traces: [{}] });
});
