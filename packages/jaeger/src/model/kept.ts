/**
 * OTLP has no field for some parts of Jaeger's model, and less room for others. Our own field in OTLP's Span and Resource keeps
 * the parts that could not be restored otherwise; it is absent without any. OTLP's decoders skip it, the store keeps its
 * bytes, and the translation back to Jaeger's model reads it:
 *
 *     message KeptSpan {              // opentelemetry.proto.trace.v1.Span, field 1727
 *       uint32 flags = 1;
 *       bytes tags = 2;               // a script: see tag-script.ts
 *       repeated KeptLog logs = 3;    // logs whose fields came in another order
 *       bytes fields = 4;             // fields of jaeger.api_v2.Span; they replace the translated ones
 *       bool no_warnings = 5;         // the warnings attribute is a tag like others
 *     }
 *     message KeptLog {
 *       uint32 index = 1;
 *       bytes fields = 2;             // a script
 *     }
 *     message KeptProcess {           // opentelemetry.proto.resource.v1.Resource, field 1727
 *       bytes tags = 2;               // a script
 *       bytes fields = 4;             // fields of jaeger.api_v2.Process; they replace the translated ones
 *       bool absent = 6;
 *     }
 *
 * For a span of Jaeger's own clients it takes about ten bytes: the flags, and the place of span.kind.
 */

/** Tag of the field in Span and Resource: number 1727, length-delimited. */
export const keptTag = (1727 << 3) | 2;

export const keptFlagsTag = 0x08;
export const keptTagsTag = 0x12;
export const keptLogTag = 0x1a;
export const keptFieldsTag = 0x22;
export const keptNoWarningsTag = 0x28;
export const keptAbsentTag = 0x30;
export const keptLogIndexTag = 0x08;
export const keptLogFieldsTag = 0x12;

/** The service name that Jaeger's translator gives to spans of a resource without attributes. */
export const noServiceName: Uint8Array = Uint8Array.from(Buffer.from("OTLPResourceNoServiceName"));
