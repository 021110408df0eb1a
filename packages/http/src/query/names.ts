import { SpanStoreError } from "@spanstore/core";
import type { Answer } from "../wire/answer.js";
import type { Call, Route } from "../wire/call.js";
import { prettyParameter, structured } from "./answers.js";

const route = { method: "GET", need: "read", form: "jaeger" } as const;

/** Services and operations, as Jaeger's `/api` lists them. */
export const nameRoutes: readonly Route[] = [
  { ...route, url: "/api/services", parameters: prettyParameter, answer: services },
  {
    ...route,
    url: "/api/operations",
    parameters: { ...prettyParameter, service: "once", spanKind: "once" },
    answer: operations,
  },
  {
    ...route,
    url: "/api/services/:service/operations",
    parameters: prettyParameter,
    answer: operationNames,
  },
];

async function services(call: Call): Promise<Answer> {
  const names = await call.store.getServices({ signal: call.signal });
  return structured(call, names, names.length);
}

async function operations(call: Call): Promise<Answer> {
  const service = call.parameters.text("service");
  if (service === undefined) throw serviceIsRequired();
  const spanKind = call.parameters.text("spanKind") ?? "";
  const found = await call.store.getOperations({ service, spanKind }, { signal: call.signal });
  return structured(call, found, found.length);
}

async function operationNames(call: Call): Promise<Answer> {
  const found = await call.store.getOperations({ service: call.part("service") }, { signal: call.signal });
  const names = [...new Set(found.map(({ name }) => name))];
  return structured(call, names.length === 0 ? null : names, names.length);
}

export function serviceIsRequired(): SpanStoreError {
  return new SpanStoreError("INVALID_QUERY", "parameter 'service' is required", { field: "service" });
}
