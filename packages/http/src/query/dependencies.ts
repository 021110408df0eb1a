import type { Answer } from "../wire/answer.js";
import type { Call, Route } from "../wire/call.js";
import { timeOf } from "../wire/parameters.js";
import { prettyParameter, structured } from "./answers.js";

const milli = 1_000_000n;
const dayMillis = 86_400_000;

/** Calls between services within `lookback` milliseconds before `endTs`. */
export const dependencyRoute: Route = {
  method: "GET",
  url: "/api/dependencies",
  need: "read",
  form: "jaeger",
  parameters: { ...prettyParameter, endTs: "once", lookback: "once", service: "once" },
  answer: dependencies,
};

async function dependencies(call: Call): Promise<Answer> {
  const { parameters, settings, store, signal } = call;
  const end = timeOf(parameters, "endTs", milli) ?? BigInt(settings.now()) * milli;
  const lookback = timeOf(parameters, "lookback", milli) ?? BigInt(dayMillis) * milli;
  const service = parameters.text("service");
  const window = { startTimeUnixNano: end > lookback ? end - lookback : 0n, endTimeUnixNano: end };
  const all = await store.getDependencies(window, { signal });
  const shown = all.filter(
    ({ parent, child }) => service === undefined || parent === service || child === service,
  );
  const data = shown.map(({ parent, child, callCount }) => ({ parent, child, callCount: Number(callCount) }));
  return structured(call, data, 0);
}
