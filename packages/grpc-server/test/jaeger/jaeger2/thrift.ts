/** As much of Jaeger's Thrift model as its clients send. */
export interface ThriftSpan {
  readonly traceIdLow: bigint;
  readonly traceIdHigh: bigint;
  readonly spanId: bigint;
  readonly parentSpanId: bigint;
  readonly operationName: string;
  /** Microseconds since the epoch. */
  readonly startTime: bigint;
  /** Microseconds. */
  readonly duration: bigint;
  readonly tags: Readonly<Record<string, ThriftTag>>;
}

export type ThriftTag = string | number | boolean | bigint;

export type Field = readonly [type: number, bytes: Buffer];

/** How one of Thrift's protocols writes what the model is made of. */
export interface ThriftProtocol {
  readonly struct: (fields: Readonly<Record<number, Field>>) => Buffer;
  readonly structField: (struct: Buffer) => Field;
  readonly list: (structs: readonly Buffer[]) => Field;
  readonly text: (value: string) => Field;
  readonly bool: (value: boolean) => Field;
  readonly i32: (value: number) => Field;
  readonly i64: (value: bigint) => Field;
  readonly double: (value: number) => Field;
}

/** jaeger.thrift's Batch: the spans of a process. */
export function batchOf(protocol: ThriftProtocol, serviceName: string, spans: readonly ThriftSpan[]): Buffer {
  const { struct, structField, list, text } = protocol;
  return struct({
    1: structField(struct({ 1: text(serviceName) })),
    2: list(spans.map((span) => spanOf(protocol, span))),
  });
}

function spanOf(protocol: ThriftProtocol, value: ThriftSpan): Buffer {
  const { struct, list, text, i32, i64 } = protocol;
  return struct({
    1: i64(value.traceIdLow),
    2: i64(value.traceIdHigh),
    3: i64(value.spanId),
    4: i64(value.parentSpanId),
    5: text(value.operationName),
    7: i32(1),
    8: i64(value.startTime),
    9: i64(value.duration),
    10: list(Object.entries(value.tags).map(([key, tag]) => tagOf(protocol, key, tag))),
  });
}

/** jaeger.thrift's Tag: the value's type by number, and the field of that type. */
function tagOf(
  { struct, text, bool, i32, i64, double }: ThriftProtocol,
  key: string,
  value: ThriftTag,
): Buffer {
  switch (typeof value) {
    case "string":
      return struct({ 1: text(key), 2: i32(0), 3: text(value) });
    case "number":
      return struct({ 1: text(key), 2: i32(1), 4: double(value) });
    case "boolean":
      return struct({ 1: text(key), 2: i32(2), 5: bool(value) });
    case "bigint":
      return struct({ 1: text(key), 2: i32(3), 6: i64(value) });
  }
}
