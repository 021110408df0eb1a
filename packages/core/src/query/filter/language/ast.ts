/**
 * The structured filter as its users write it and as it travels: jaeger.expression.v1, one to one.
 * `decode` makes it from the wire or from JSON, `resolve` turns it into a Predicate.
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
