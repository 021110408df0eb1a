import { and, type FilterCall, not, or, resource, span } from "@spanstore/core";
import type { SpanRole } from "../flows.js";
import { queryText } from "../span-template.js";
import { hexWord, type TraceDraft } from "../trace.js";
import { returnedRows, type Varying } from "../values.js";
import { commonExperiments, rareExperiments, services, tenants } from "../vocabulary.js";
import { type Query, serviceOf } from "./queries.js";

/** A predicate on a span, said twice: as a filter, and by what the generator knows. */
export interface Criterion {
  readonly filter: FilterCall;
  readonly matches: Query["matches"];
}

export function both(left: Criterion, right: Criterion): Criterion {
  return {
    filter: and(left.filter, right.filter),
    matches: (d, i) => left.matches(d, i) && right.matches(d, i),
  };
}

export function either(left: Criterion, right: Criterion): Criterion {
  return {
    filter: or(left.filter, right.filter),
    matches: (d, i) => left.matches(d, i) || right.matches(d, i),
  };
}

export function hasRole(draft: TraceDraft, i: number, role: SpanRole): boolean {
  return draft.flow.slots[i]?.role === role;
}

/** The number that a span has under an attribute of its role. */
function numberOf({ values, indexOf }: Varying, draft: TraceDraft, i: number): number {
  const value = values[indexOf(draft, i)];
  return typeof value === "object" ? value.double : Number(value);
}

/** A number in [from, to) under an attribute of spans in this role. */
export function inRange(role: SpanRole, attribute: Varying, from: number, to: number): Criterion {
  const { key } = attribute;
  return {
    filter: and(span.attr(key).gte(from), span.attr(key).lt(to)),
    matches: (d, i) => {
      if (!hasRole(d, i, role)) return false;
      const number = numberOf(attribute, d, i);
      return number >= from && number < to;
    },
  };
}

export function atLeast(role: SpanRole, attribute: Varying, from: number): Criterion {
  return {
    filter: span.attr(attribute.key).gte(from),
    matches: (d, i) => hasRole(d, i, role) && numberOf(attribute, d, i) >= from,
  };
}

/** On about every other database span. */
export const manyRows: Criterion = atLeast("database", returnedRows, 50);

export function ofService(index: number): Criterion {
  return {
    filter: resource.service.eq(services[index] as string),
    matches: (d, i) => serviceOf(d, i) === index,
  };
}

export function ofOperation(operation: string): Criterion {
  return {
    filter: span.name.eq(operation),
    matches: (d, i) => d.flow.slots[i]?.operation === operation,
  };
}

export function ofTenant(tenant: number): Criterion {
  return {
    filter: span.attr("app.tenant").eq(tenants[tenant] as string),
    matches: (d) => d.tenant === tenant,
  };
}

/** On 1 span in 10,000. */
export function ofRareExperiment(rare: number): Criterion {
  return {
    filter: span.attr("app.experiment").eq(rareExperiments[rare] as string),
    matches: (d, i) => d.experiment[i] === commonExperiments.length + rare,
  };
}

function requestIdOf(draft: TraceDraft, i: number): string {
  return hexWord(draft.requestId[2 * i] as number) + hexWord(draft.requestId[2 * i + 1] as number);
}

/** `request.id`, which every span has, with one of `digits` behind `prefix` somewhere in it. */
export function requestIdPattern(prefix: string, digits: string): Criterion {
  const parts = [...digits].map((digit) => prefix + digit);
  return {
    filter: span.attr("request.id").regex(`${prefix}[${digits}]`),
    matches: (d, i) => {
      const id = requestIdOf(d, i);
      return parts.some((part) => id.includes(part));
    },
  };
}

/** `db.query.text`, which every database span has, with a verb and a table in it, in this order or any. */
export function statementWords(op: "phrase" | "fulltext", words: readonly [string, string]): Criterion {
  const [first, second] = words.map((word) => word.toLowerCase()) as [string, string];
  return {
    filter: span.attr("db.query.text")[op](...words),
    matches: (d, i) => {
      const slot = d.flow.slots[i];
      if (slot?.role !== "database") return false;
      const text = queryText(slot).toLowerCase();
      return op === "phrase"
        ? text.includes(`${first} ${second} `)
        : text.includes(`${first} `) && text.includes(` ${second} `);
    },
  };
}

export function negated(criterion: Criterion): Criterion {
  return { filter: not(criterion.filter), matches: (d, i) => !criterion.matches(d, i) };
}
