import { isSpanStoreError } from "@spanstore/core";
import type { Answer } from "../wire/answer.js";
import type { Call, Route } from "../wire/call.js";

/** Facts about the store and its server, for the page. */
export const aboutRoute: Route = {
  method: "GET",
  need: "read",
  form: "gateway",
  url: "/api/v3/about",
  parameters: {},
  answer: about,
};

async function about({ store, signal, caller, settings }: Call): Promise<Answer> {
  const [server, health, bytes, capabilities] = await Promise.all([
    settings.about(caller),
    healthOf(() => store.health({ signal })),
    // A store that does not answer has no size; `health` says why.
    store.stats().then(
      (stats) => stats.bytes,
      () => undefined,
    ),
    store.capabilities({ signal }).catch(() => undefined),
  ]);
  const { engine } = store;
  return { body: JSON.stringify({ engine, health, bytes, capabilities, ...server }) };
}

async function healthOf(
  ask: () => Promise<void>,
): Promise<{ readonly ok: boolean; readonly message?: string }> {
  try {
    await ask();
    return { ok: true };
  } catch (error) {
    return { ok: false, message: isSpanStoreError(error) ? error.message : "internal error" };
  }
}
