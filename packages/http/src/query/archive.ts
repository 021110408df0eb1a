import { traceIdOf } from "../search/trace-id.js";
import type { Answer } from "../wire/answer.js";
import { type Call, noArchive, type Route } from "../wire/call.js";
import { notFound } from "../wire/errors.js";
import { timeOf } from "../wire/parameters.js";
import { prettyParameter } from "./answers.js";

/** Copies a trace, as stored, into the archive. */
export const archiveRoute: Route = {
  method: "POST",
  url: "/api/archive/:traceID",
  need: "write",
  form: "jaeger",
  parameters: { ...prettyParameter, start: "once", end: "once", raw: "once" },
  answer: archiveTrace,
};

async function archiveTrace(call: Call): Promise<Answer> {
  const { parameters, store, signal } = call;
  const id = traceIdOf(call.part("traceID"), "traceID");
  timeOf(parameters, "start", 1000n);
  timeOf(parameters, "end", 1000n);
  if (call.archive === undefined) throw noArchive();
  const archive = await call.archive();
  let isFound = false;
  for await (const { encoded } of store.getTraces([id], { signal })) {
    isFound = true;
    await archive.write(encoded, { signal });
  }
  if (!isFound) throw notFound("trace not found");
  return { body: JSON.stringify({ data: [], total: 0, limit: 0, offset: 0, errors: [] }) };
}
