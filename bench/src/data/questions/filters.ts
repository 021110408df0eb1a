import { and, event, link, some, span } from "@spanstore/core";
import { flows } from "../flows.js";
import { createRandom, hash, type Random } from "../random.js";
import type { DataSet } from "../trace.js";
import {
  attemptsOf,
  batchPositions,
  hasFailed,
  httpStatus,
  linkReasons,
  linksOf,
  queueDepth,
  rareQueueDepths,
  rareRowCounts,
  rareRowsStep,
  returnedRows,
  score,
} from "../values.js";
import { commonExperiments, errorTypes, nouns, rareExperiments, tenants } from "../vocabulary.js";
import {
  atLeast,
  both,
  type Criterion,
  either,
  hasRole,
  inRange,
  negated,
  ofOperation,
  ofRareExperiment,
  ofService,
  ofTenant,
  requestIdPattern,
  statementWords,
} from "./criteria.js";
import { type QueryKind, searchLimit, searchWindow, usedServices } from "./queries.js";

function perService(make: (index: number) => Criterion): Criterion[] {
  return usedServices.map(make);
}

function tableOf(noun: string): string {
  return `${noun}s`;
}

const everyNoun = nouns.map(tableOf);
const noMatch: Criterion["matches"] = () => false;

/** The structured filters that are measured, each by its kind; they depend on the seed alone. */
export function filterKinds(set: DataSet): readonly QueryKind[] {
  const window = searchWindow(set);
  const random = createRandom(hash(set.seed, 0xf117));
  const kind = (name: string, criteria: readonly Criterion[]): QueryKind => ({
    name,
    queries: criteria.map(({ filter, matches }) => ({
      search: { filter, ...window, limit: searchLimit },
      matches,
    })),
  });
  return [...indexed(random), ...negations(random), ...patterns(random), ...elements(), ...words()].map(
    ([name, criteria]) => kind(name, criteria),
  );
}

type NamedCriteria = readonly [name: string, criteria: readonly Criterion[]];

function indexed(random: Random): NamedCriteria[] {
  const operations = flows.flatMap(({ slots }) =>
    slots.map(({ service, operation }) => both(ofService(service), ofOperation(operation))),
  );
  const anyOperation = (): Criterion => operations[random.below(operations.length)] as Criterion;
  return [
    ["service and operation", Array.from({ length: 30 }, anyOperation)],
    [
      "range of numbers",
      [0, 10, 20, 30, 40].flatMap((from) => [
        inRange("internal", queueDepth, from, from + 8),
        inRange("internal", score, from / 50 + 0.003, from / 50 + 0.09),
        inRange("database", returnedRows, 2 * from, 2 * from + 9),
        inRange("server", httpStatus, 201 + from, 500),
      ]),
    ],
    [
      "rare range of numbers, above the common ones",
      rareQueueDepths.map((depth) => atLeast("internal", queueDepth, depth)),
    ],
    [
      "rare range of numbers, between common ones",
      rareRowCounts.map((rows) => inRange("database", returnedRows, rows, rows + rareRowsStep)),
    ],
    [
      "or: of service and value",
      usedServices.map((index) =>
        either(both(ofService(index), ofTenant(random.below(tenants.length))), anyOperation()),
      ),
    ],
    [
      "or: rare value or rare range",
      rareExperiments.map((_, rare) =>
        either(ofRareExperiment(rare), atLeast("internal", queueDepth, rareQueueDepths.at(-1) as number)),
      ),
    ],
  ];
}

function negations(random: Random): NamedCriteria[] {
  return [
    [
      "negation: service and not a value",
      perService((index) => both(ofService(index), negated(ofTenant(random.below(tenants.length))))),
    ],
    [
      "negation: not one of a list, 1 span in 1,000",
      [
        {
          filter: span.attr("app.experiment").notIn(commonExperiments),
          matches: (d, i) => (d.experiment[i] as number) >= commonExperiments.length,
        },
      ],
    ],
  ];
}

function patterns(random: Random): NamedCriteria[] {
  const digits = ["0123", "4567", "89ab", "cdef"];
  const hex = "0123456789abcdef";
  const anyPattern = (): Criterion =>
    requestIdPattern(hex[random.below(16)] as string, digits[random.below(4)] as string);
  return [
    ["regex: service and a common key", perService((index) => both(ofService(index), anyPattern()))],
    [
      "regex: rare value and a common key",
      rareExperiments.map((_, rare) => both(ofRareExperiment(rare), anyPattern())),
    ],
    [
      "regex: a common key alone, 1 span in 1,000",
      [...hex].map((digit) => requestIdPattern(digit.repeat(3), digits[random.below(4)] as string)),
    ],
    [
      "regex: a common key alone, no match",
      [{ filter: span.attr("request.id").regex("[g-z]"), matches: noMatch }],
    ],
  ];
}

function elements(): NamedCriteria[] {
  const attempt = (type: number, number: 1 | 2): Criterion => ({
    filter: some(
      event,
      and(
        event.name.eq("exception"),
        event.attr("exception.type").eq(errorTypes[type] as string),
        number === 1 ? event.attr("retry.attempt").lt(2) : event.attr("retry.attempt").gte(2),
      ),
    ),
    matches: (d, i) => hasFailed(d, i) && attemptsOf(d, i)[number - 1] === type,
  });
  const position = (reason: number, from: number): Criterion => ({
    filter: some(
      link,
      and(link.attr("batch.reason").eq(linkReasons[reason] as string), link.attr("batch.position").gte(from)),
    ),
    matches: (d, i) =>
      hasRole(d, i, "consumer") &&
      linksOf(d, i).some((each) => each.reason === reason && each.position >= from),
  });
  return [
    ["some event", errorTypes.flatMap((_, type) => [attempt(type, 1), attempt(type, 2)])],
    [
      "some link",
      [8, 4, 2, 1].flatMap((last) => [0, 1].map((reason) => position(reason, batchPositions - last))),
    ],
  ];
}

function words(): NamedCriteria[] {
  const messages = errorTypes.flatMap((type, index): Criterion[] => {
    const matches: Criterion["matches"] = (d, i) => hasFailed(d, i) && attemptsOf(d, i).includes(index);
    const message = event.attr("exception.message");
    return [
      { filter: message.phrase(type.toUpperCase(), "while", "calling"), matches },
      { filter: message.fulltext("downstream", type.toLowerCase()), matches },
    ];
  });
  return [
    [
      "words: a common key",
      everyNoun.flatMap((table) => [
        statementWords("phrase", ["from", table]),
        statementWords("fulltext", ["Update", table]),
      ]),
    ],
    ["words: a key of events", messages],
    [
      "words: rare value and a common key",
      rareExperiments.map((_, rare) =>
        both(ofRareExperiment(rare), statementWords("fulltext", ["select", "from"])),
      ),
    ],
  ];
}
