import { randomBytes } from "node:crypto";
import {
  type AnyValue,
  type KeyValue,
  type Span,
  SpanKind,
  StatusCode,
  type TracesData,
} from "@spanstore/core";
import type { SpanEvent } from "@spanstore/core/otlp";

/** One span of a trace, told by when it starts and how long it takes, in milliseconds. */
export interface Step {
  readonly service: string;
  readonly name: string;
  readonly kind: keyof typeof SpanKind;
  /** After the start of the trace. */
  readonly at: number;
  readonly ms: number;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  /** The span failed, with these words. */
  readonly error?: string;
  readonly exception?: { readonly type: string; readonly message: string };
  readonly children?: readonly Step[];
}

/** The trace whose root is this step, as each service's SDK would export it. */
export function traceOf(root: Step, startTimeUnixNano: bigint): TracesData {
  const spans = new Map<string, Span[]>();
  const traceId = randomBytes(16).toString("hex");
  addSpans(root, "");
  return {
    resourceSpans: [...spans].map(([service, ofService]) => ({
      resource: {
        attributes: keyValues({
          "service.name": service,
          "service.version": "1.4.2",
          "deployment.environment.name": "demo",
          "host.name": `${service}-7d9f`,
        }),
      },
      scopeSpans: [{ scope: { name: "demo", version: "1.0.0" }, spans: ofService }],
    })),
  };

  function addSpans(step: Step, parentSpanId: string): void {
    const spanId = randomBytes(8).toString("hex");
    const start = startTimeUnixNano + nanoseconds(step.at);
    const end = start + nanoseconds(step.ms);
    const span: Span = {
      traceId,
      spanId,
      parentSpanId,
      name: step.name,
      kind: SpanKind[step.kind],
      startTimeUnixNano: start,
      endTimeUnixNano: end,
      attributes: keyValues(step.attributes ?? {}),
      events: step.exception === undefined ? [] : [exceptionEvent(step.exception, end)],
      status: step.error === undefined ? {} : { code: StatusCode.error, message: step.error },
    };
    const ofService = spans.get(step.service) ?? [];
    ofService.push(span);
    spans.set(step.service, ofService);
    for (const child of step.children ?? []) addSpans(child, spanId);
  }
}

function exceptionEvent(exception: { type: string; message: string }, end: bigint): SpanEvent {
  return {
    name: "exception",
    timeUnixNano: end - 1000n,
    attributes: keyValues({ "exception.type": exception.type, "exception.message": exception.message }),
  };
}

function keyValues(attributes: Readonly<Record<string, string | number | boolean>>): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number | boolean): AnyValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: BigInt(value) } : { doubleValue: value };
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1_000_000));
}
