/**
 * Calls `visit` for each field of the message in `bytes[start, end)`: its number, where its content
 * begins and ends, and a varint's value (0 for other wire types).
 */
export function forEachField(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (field: number, start: number, end: number, value: number) => void,
): void {
  let at = start;
  while (at < end) {
    let tag = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++] as number;
      tag += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    const field = Math.floor(tag / 8);
    const wireType = tag & 7;
    if (wireType === 1 || wireType === 5) {
      const size = wireType === 1 ? 8 : 4;
      visit(field, at, at + size, 0);
      at += size;
      continue;
    }
    const from = at;
    let value = 0;
    scale = 1;
    for (;;) {
      const byte = bytes[at++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    if (wireType === 0) {
      visit(field, from, at, value);
    } else if (wireType === 2) {
      if (at + value > end) throw new Error(`field ${field} is longer than its message`);
      visit(field, at, at + value, 0);
      at += value;
    } else {
      throw new Error(`wire type ${wireType}`);
    }
  }
}

/** Calls `visit` with the content of each span in TracesData or an Export request. */
export function forEachSpan(traces: Uint8Array, visit: (start: number, end: number) => void): void {
  forEachField(traces, 0, traces.length, (field, start, end) => {
    if (field !== 1) return;
    forEachField(traces, start, end, (inner, scopeStart, scopeEnd) => {
      if (inner !== 2) return;
      forEachField(traces, scopeStart, scopeEnd, (kind, spanStart, spanEnd) => {
        if (kind === 2) visit(spanStart, spanEnd);
      });
    });
  });
}

export function countSpans(traces: Uint8Array): number {
  let spans = 0;
  forEachSpan(traces, () => {
    spans++;
  });
  return spans;
}
