import { Buffer } from "node:buffer";
import { forEachField, forEachSpan } from "./walk.js";

function hexOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("hex");
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}

/** The distinct trace ids in a stream of TracesData messages, in the order they first appear. */
export function traceIdsOfTraces(messages: readonly Uint8Array[]): string[] {
  const ids = new Set<string>();
  for (const message of messages) {
    forEachSpan(message, (start, end) => {
      forEachField(message, start, end, (field, from, to) => {
        if (field === 1) ids.add(hexOf(message, from, to));
      });
    });
  }
  return [...ids];
}

/** The trace ids of FindTraceSummariesResponse messages, or of a FindTraceIDsResponse: alike as far as this goes. */
export function traceIdsOfSummaries(messages: readonly Uint8Array[]): string[] {
  const ids: string[] = [];
  for (const message of messages) {
    forEachField(message, 0, message.length, (field, start, end) => {
      if (field !== 1) return;
      forEachField(message, start, end, (inner, from, to) => {
        if (inner === 1) ids.push(hexOf(message, from, to));
      });
    });
  }
  return ids;
}

/** The content of one field, wherever it stands in messages. */
function contentsOf(messages: readonly Uint8Array[], field: number): Uint8Array[] {
  const contents: Uint8Array[] = [];
  for (const message of messages) {
    forEachField(message, 0, message.length, (found, start, end) => {
      if (found === field) contents.push(message.subarray(start, end));
    });
  }
  return contents;
}

/** The token of the next page; empty on the last one. It is field 2 of all paged answers but FindSpansResponse's: 3. */
export function nextPageTokenOf(messages: readonly Uint8Array[], field: 2 | 3): string {
  return textOf(...wholeOf(contentsOf(messages, field).at(-1) ?? new Uint8Array(0)));
}

function wholeOf(bytes: Uint8Array): [Uint8Array, number, number] {
  return [bytes, 0, bytes.length];
}

/** The TracesData in FindSpansResponse messages. */
export function tracesOfSpanPage(messages: readonly Uint8Array[]): Uint8Array[] {
  return contentsOf(messages, 1);
}

/** Every span of a stream of TracesData: its span id and its encoded bytes, both as text. */
export function spansOf(messages: readonly Uint8Array[]): { readonly id: string; readonly bytes: string }[] {
  const spans: { id: string; bytes: string }[] = [];
  for (const message of messages) {
    forEachSpan(message, (start, end) => {
      let id = "";
      forEachField(message, start, end, (field, from, to) => {
        if (field === 2) id = hexOf(message, from, to);
      });
      spans.push({ id, bytes: Buffer.from(message.subarray(start, end)).toString("latin1") });
    });
  }
  return spans;
}

/** Every span of a stream of TracesData as one text: its resource, its scope and itself, encoded, in their order. */
export function completeSpansOf(messages: readonly Uint8Array[]): string[] {
  const spans: string[] = [];
  for (const group of contentsOf(messages, 1)) {
    const resource = latin1(contentsOf([group], 1));
    for (const scoped of contentsOf([group], 2)) {
      const scope = latin1(contentsOf([scoped], 1));
      for (const span of contentsOf([scoped], 2)) spans.push(resource + scope + latin1([span]));
    }
  }
  return spans;
}

function latin1(contents: readonly Uint8Array[]): string {
  return Buffer.concat(contents).toString("latin1");
}

/** Operators of the structured filter that a GetCapabilitiesResponse declares, and whether it declares pages. */
export function capabilitiesOf(message: Uint8Array): {
  readonly operators: number;
  readonly paginated: boolean;
} {
  let operators = 0;
  let paginated = false;
  for (const search of contentsOf([message], 1)) {
    operators = contentsOf(contentsOf([search], 3), 2).length;
    forEachField(search, 0, search.length, (field, _start, _end, value) => {
      if (field === 4) paginated = value === 1;
    });
  }
  return { operators, paginated };
}

/** The strings in field 1 of a message: GetServicesResponse. */
export function servicesOf(message: Uint8Array): string[] {
  const names: string[] = [];
  forEachField(message, 0, message.length, (field, start, end) => {
    if (field === 1) names.push(textOf(message, start, end));
  });
  return names;
}

/** The operations of a GetOperationsResponse as `name|kind`. */
export function operationsOf(message: Uint8Array): string[] {
  const operations: string[] = [];
  forEachField(message, 0, message.length, (field, start, end) => {
    if (field !== 1) return;
    let name = "";
    let kind = "";
    forEachField(message, start, end, (inner, from, to) => {
      if (inner === 1) name = textOf(message, from, to);
      if (inner === 2) kind = textOf(message, from, to);
    });
    operations.push(`${name}|${kind}`);
  });
  return operations;
}

/** Call counts by `parent>child` from a GetDependenciesResponse. */
export function dependenciesOf(message: Uint8Array): Map<string, number> {
  const calls = new Map<string, number>();
  forEachField(message, 0, message.length, (field, start, end) => {
    if (field !== 1) return;
    let parent = "";
    let child = "";
    let count = 0;
    forEachField(message, start, end, (inner, from, to, value) => {
      if (inner === 1) parent = textOf(message, from, to);
      else if (inner === 2) child = textOf(message, from, to);
      else if (inner === 3) count = value;
    });
    const key = `${parent}>${child}`;
    calls.set(key, (calls.get(key) ?? 0) + count);
  });
  return calls;
}

/** The spans an ExportTraceServiceResponse says it rejected. */
export function rejectedSpansOf(message: Uint8Array): number {
  let rejected = 0;
  forEachField(message, 0, message.length, (field, start, end) => {
    if (field !== 1) return;
    forEachField(message, start, end, (inner, _from, _to, value) => {
      if (inner === 1) rejected = value;
    });
  });
  return rejected;
}
