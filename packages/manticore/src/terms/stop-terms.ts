import { requiredTerms, type Term, type TermNode, type TraceFragment } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import { literal } from "../connection/literals.js";
import { contentId } from "../schema/ids.js";
import type { Naming } from "../schema/naming.js";
import { raiseLayout } from "../schema/raise-layout.js";
import { insertInto, stopTable } from "../schema/schema.js";
import type { Tuning } from "../schema/tuning.js";
import type { Window } from "../schema/windows.js";

/**
 * Terms that more than half of a window's fragments have are of no use to a search there, and make up nearly half of
 * the index. A window's first fragments are indexed with all terms; then the common terms are published as stop terms,
 * and later fragments are indexed without them.
 *
 * A server leaves out a term only after it is in the table, and each search knows the table as of its beginning; see
 * `read/layout.ts`. So a search finds every fragment acknowledged before it began, whichever server wrote it. Rows are
 * never removed from the table: another server may rely on them.
 */
export interface StopTerms {
  /**
   * The stop terms of a window. Learns them from these fragments, which are about to be written there.
   * @param services keep their terms in the index: a service that is alone at first may send few spans later.
   */
  readonly learn: (
    window: Window,
    fragments: readonly TraceFragment[],
    services: Iterable<string>,
  ) => Promise<ReadonlySet<Term>>;
  /** Writes the learned lists again, since searchd may have lost them. */
  readonly restore: () => Promise<void>;
}

/** The share of fragments above which a term is common: a search for it would read half of all fragments anyway. */
const commonPart = 0.5;
/** After every this many fragments, terms in less than a tenth of them are forgotten. */
const tidyAfter = 256;
/** The most windows whose terms are counted, and whose lists are kept. */
const maxWindows = 8;

interface Sample {
  fragments: number;
  readonly counts: Map<Term, number>;
  readonly kept: Set<Term | undefined>;
}

const none: ReadonlySet<Term> = new Set();

export function createStopTerms(client: Client, naming: Naming, { sampledFragments }: Tuning): StopTerms {
  const samples = new Map<string, Sample>();
  const learned = new Map<string, { readonly window: Window; readonly terms: ReadonlySet<Term> }>();

  return {
    learn: async (window, fragments, services) => {
      const known = learned.get(window.name);
      if (known !== undefined) return known.terms;
      const sample = sampleOf(samples, window.name);
      for (const { terms } of fragments) {
        sample.fragments++;
        terms.forEach((term) => {
          sample.counts.set(term, (sample.counts.get(term) ?? 0) + 1);
        });
        if (sample.fragments % tidyAfter === 0) tidy(sample);
      }
      for (const service of services) sample.kept.add(serviceTerm(service));
      if (sample.fragments < sampledFragments) return none;
      const least = sample.fragments * commonPart;
      const common = [...sample.counts]
        .filter(([term, count]) => count > least && !sample.kept.has(term))
        .map(([term]) => term);
      await publishStopTerms(client, naming, [{ window, terms: common }]);
      const stop = new Set(common);
      samples.delete(window.name);
      if (learned.size >= maxWindows) learned.delete(learned.keys().next().value as string);
      learned.set(window.name, { window, terms: stop });
      return stop;
    },
    restore: () => publishStopTerms(client, naming, [...learned.values()]),
  };
}

/** The terms that the index of a window may lack. */
export interface StopList {
  readonly window: Pick<Window, "name" | "startUnixNano">;
  readonly terms: Iterable<Term>;
}

/** Stores lists for all searches that begin later. Lists are never removed. */
export async function publishStopTerms(
  client: Client,
  naming: Naming,
  lists: readonly StopList[],
): Promise<void> {
  if (lists.length === 0) return;
  for (const { window, terms } of lists) {
    const text = [...terms].join(" ");
    // Manticore would choose another id for 0.
    const id = contentId(Buffer.from(`${window.name} ${text}`, "latin1")) || 1n;
    await client.query(
      `${insertInto("REPLACE", naming.target(naming.stopTerms), stopTable)}(${id},${startOf(window)},${literal(text)})`,
      { doing: "cannot write" },
    );
  }
  await raiseLayout(client, naming);
}

/** The counts of a window; evicts the least recently used window. */
function sampleOf(samples: Map<string, Sample>, name: string): Sample {
  const sample = samples.get(name) ?? { fragments: 0, counts: new Map(), kept: new Set() };
  samples.delete(name);
  samples.set(name, sample);
  if (samples.size > maxWindows) samples.delete(samples.keys().next().value as string);
  return sample;
}

function tidy({ fragments, counts }: Sample): void {
  for (const [term, count] of counts) if (count * 10 < fragments) counts.delete(term);
}

function serviceTerm(service: string): Term | undefined {
  const node = requiredTerms({
    op: "eq",
    ref: { ref: "field", level: "resource", name: "service" },
    value: { type: "string", text: service },
  });
  return node !== undefined && "term" in node ? node.term : undefined;
}

/** Drops stop terms from a condition; undefined when none is left. */
export function withoutTerms(node: TermNode, stop: ReadonlySet<Term>): TermNode | undefined {
  if (stop.size === 0) return node;
  if ("term" in node) return stop.has(node.term) ? undefined : node;
  const nodes = ("all" in node ? node.all : node.any).map((each) => withoutTerms(each, stop));
  const left = nodes.filter((each) => each !== undefined);
  if ("any" in node) return left.length < nodes.length ? undefined : { any: left };
  return left.length === 0 ? undefined : { all: left };
}

function startOf({ startUnixNano }: Pick<Window, "startUnixNano">): bigint {
  return startUnixNano / 1000n;
}
