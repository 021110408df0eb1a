import { encodeExportResponse, type PartialSuccess, partialSuccessOf } from "@spanstore/client/wire";
import { type Answer, json, protobuf } from "../wire/answer.js";
import type { Call, Route } from "../wire/call.js";
import { HttpError } from "../wire/errors.js";
import { mediaTypeOf } from "./status.js";
import { type TracesOfJson, tracesOfJson } from "./traces-of-json.js";

/** OTLP/HTTP. It answers when the spans are durable. */
export const exportRoute: Route = {
  method: "POST",
  url: "/v1/traces",
  need: "write",
  form: "status",
  parameters: {},
  answer: exportTraces,
};

async function exportTraces(call: Call): Promise<Answer> {
  const type = mediaTypeOf(call.header("content-type"));
  if (type !== protobuf && type !== json) {
    throw new HttpError(415, `spans are taken as ${protobuf} or ${json}, not as '${type}'`, {
      accept: `${protobuf}, ${json}`,
    });
  }
  const body = await call.body(call.settings.maxBodyBytes);
  const read: TracesOfJson =
    type === json ? tracesOfJson(body.toString()) : { encoded: body, unread: 0, problem: undefined };
  const { rejected } = await call.settings.write(Buffer.from(read.encoded), call.caller, call.signal);
  const reasons = rejected.map(({ reason }) => reason);
  const partial = partialSuccessOf(
    rejected.length + read.unread,
    read.problem === undefined ? reasons : [read.problem, ...reasons],
  );
  return type === json ? jsonAnswer(partial) : protobufAnswer(partial);
}

function jsonAnswer(partialSuccess: PartialSuccess | undefined): Answer {
  return { body: JSON.stringify(partialSuccess === undefined ? {} : { partialSuccess }) };
}

function protobufAnswer(partialSuccess: PartialSuccess | undefined): Answer {
  const body = partialSuccess === undefined ? Buffer.alloc(0) : encodeExportResponse(partialSuccess);
  return { contentType: protobuf, body };
}
