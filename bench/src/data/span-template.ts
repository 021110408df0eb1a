import { Buffer } from "node:buffer";
import { type AttributeValue, attributeField } from "../wire/attributes.js";
import { createWriter, putText, putUint, written } from "../wire/writer.js";
import { type Flow, flows, type Slot } from "./flows.js";
import {
  batchPositions,
  httpStatus,
  linkReasons,
  queueDepth,
  returnedRows,
  score,
  type Varying,
} from "./values.js";
import { errorTypes, experiments, services, tenants, userAgents } from "./vocabulary.js";

/** Span.attributes in opentelemetry.proto.trace.v1. */
const attributesField = 9;

/** The parts of a span that are the same in all traces of its flow, encoded. */
export interface SpanTemplate {
  /** Span.name and Span.kind. */
  readonly head: Buffer;
  /** The attributes whose values never change. */
  readonly fixed: Buffer;
}

function fixedAttributes(slot: Slot): [string, AttributeValue][] {
  const service = services[slot.service] as string;
  switch (slot.role) {
    case "server":
      return [
        ["http.request.method", slot.operation.split(" ")[0] as string],
        ["http.route", `/api/${slot.subject}s`],
        ["url.scheme", "https"],
      ];
    case "rpcServer":
    case "rpcClient": {
      const [target = "", method = ""] = slot.operation.split("/");
      const fixed: [string, AttributeValue][] = [
        ["rpc.system", "grpc"],
        ["rpc.service", `shop.${target}.v1`],
        ["rpc.method", method],
        ["server.port", slot.port],
      ];
      if (slot.role === "rpcClient") fixed.push(["server.address", `${target}.prod.svc`]);
      return fixed;
    }
    case "database":
      return [
        ["db.system.name", slot.database],
        ["db.namespace", "shop"],
        ["db.collection.name", `${slot.subject}s`],
        ["db.query.text", queryText(slot)],
        ["server.address", `${slot.database}-0.${service}`],
      ];
    case "internal":
      return [
        ["code.function.name", `${slot.operation.split(" ")[0]}${slot.verb}`],
        ["code.line.number", 10 + (slot.port % 400)],
        ["app.stage", slot.operation.split(" ")[0] as string],
      ];
    case "producer":
    case "consumer":
      return [
        ["messaging.system", "kafka"],
        ["messaging.destination.name", slot.topic],
        ["messaging.operation.type", slot.role === "producer" ? "send" : "process"],
      ];
  }
}

/** `db.query.text` of a database span. */
export function queryText(slot: Slot): string {
  return `${slot.operation.split(" ")[0]} * FROM ${slot.subject}s WHERE id = ?`;
}

function templateOf(slot: Slot): SpanTemplate {
  const head = createWriter(64);
  putText(head, 5, slot.operation);
  putUint(head, 6, slot.kind);
  const fixed = fixedAttributes(slot).map(([key, value]) => attributeField(attributesField, key, value));
  return { head: written(head), fixed: Buffer.concat(fixed) };
}

/** By flow index, then by slot. */
export const templates: readonly (readonly SpanTemplate[])[] = flows.map((flow: Flow) =>
  flow.slots.map(templateOf),
);

function encodedAll(key: string, values: readonly AttributeValue[]): readonly Buffer[] {
  return values.map((value) => attributeField(attributesField, key, value));
}

function encodedVarying({ key, values }: Varying): readonly Buffer[] {
  return encodedAll(key, values);
}

function numbers(count: number, from = 0): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

/** The attributes that vary, encoded for each of their values. */
export const variable = {
  tenant: encodedAll("app.tenant", tenants),
  experiment: encodedAll("app.experiment", experiments),
  threadId: encodedAll("thread.id", numbers(64, 1)),
  httpStatus: encodedVarying(httpStatus),
  userAgent: encodedAll("user_agent.original", userAgents),
  rpcStatus: encodedAll("rpc.grpc.status_code", [0, 4, 14]),
  peerAddress: encodedAll(
    "network.peer.address",
    numbers(240, 2).map((n) => `10.4.${n % 7}.${n}`),
  ),
  rows: encodedVarying(returnedRows),
  cacheHit: encodedAll("app.cache.hit", [true, false]),
  queueDepth: encodedVarying(queueDepth),
  score: encodedVarying(score),
  partition: encodedAll("messaging.destination.partition.id", numbers(12).map(String)),
  bodySize: encodedAll("messaging.message.body.size", numbers(128, 200)),
} as const;

/** An attribute of sixteen hex digits that change with each span, from `hole` on. */
function hexAttribute(key: string): { readonly bytes: Buffer; readonly hole: number } {
  const bytes = attributeField(attributesField, key, "0".repeat(16));
  return { bytes, hole: bytes.length - 16 };
}

export const requestId = hexAttribute("request.id");
export const messageId = hexAttribute("messaging.message.id");

/** `enduser.id` with a text of its own for each user. */
export function endUserAttribute(user: number): Buffer {
  return attributeField(attributesField, "enduser.id", endUserText(user));
}

function endUserText(user: number): string {
  return `u-${String(user).padStart(5, "0")}`;
}

/** Span.Event fields but the time: name and attributes. */
export const events = {
  /** By attempt, then by error type. */
  exceptions: [1, 2].map((attempt) =>
    errorTypes.map((type) =>
      Buffer.concat([
        eventName("exception"),
        attributeField(3, "exception.type", type),
        attributeField(3, "exception.message", `${type} while calling downstream`),
        attributeField(3, "retry.attempt", attempt),
      ]),
    ),
  ),
  cacheMiss: Buffer.concat([eventName("cache.miss"), attributeField(3, "cache.name", "local-lru")]),
} as const;

function eventName(name: string): Buffer {
  const writer = createWriter(32);
  putText(writer, 2, name);
  return written(writer);
}

/** Span.Link.attributes by reason, then by position in the batch. */
export const linkAttributes: readonly (readonly Buffer[])[] = linkReasons.map((reason) =>
  numbers(batchPositions).map((position) =>
    Buffer.concat([attributeField(4, "batch.position", position), attributeField(4, "batch.reason", reason)]),
  ),
);

/** Span.status, whole, of a failed span by error type. */
export const failedStatus: readonly Buffer[] = errorTypes.map((type) => {
  const content = createWriter(64);
  putText(content, 2, type);
  putUint(content, 3, 2);
  const status = createWriter(64);
  putText(status, 15, "");
  status.length -= 1;
  return Buffer.concat([written(status), Buffer.from([content.length]), written(content)]);
});
