/**
 * The structured filter as callers write it and as it travels, one to one with jaeger.expression.v1. `decodeFilter` and
 * `filterFromJson` read it; `resolveFilter` turns it into a Predicate.
 */
export interface FilterCall {
  readonly op: string;
  readonly args: readonly FilterExpression[];
}

export type FilterExpression =
  | { readonly attr: { readonly key: string; readonly level?: string } }
  | { readonly field: { readonly name: string; readonly level: string } }
  | { readonly nested: { readonly level: string } }
  | { readonly scalar: { readonly value: string; readonly type?: string } }
  | { readonly list: { readonly values: readonly string[]; readonly type?: string } }
  | { readonly call: FilterCall };
