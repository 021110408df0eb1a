import { type Flow, flows, pickFlow, spansPerTrace } from "./flows.js";
import { createRandom, hash, mix, unmix } from "./random.js";
import {
  commonExperiments,
  endUsers,
  instancesPerService,
  rareExperiments,
  rareOneIn,
  tenants,
  userAgents,
} from "./vocabulary.js";

/** A data set is this and nothing else: the same values, the same bytes. */
export interface DataSet {
  readonly seed: number;
  /** How many traces it has, of ages 0 (the newest) to `traces - 1`. */
  readonly traces: number;
  /** Virtual time of age 0, nanoseconds since the epoch. */
  readonly endNano: bigint;
}

/** Virtual time from one trace to the next: 1,000,000 spans an hour. */
export const stepNano = 36_000_000;
/** Traces start up to this much off their step, so that they do not arrive quite in order. */
const jitterNano = 500_000_000;
/** No span starts later than this after its trace does. */
export const maxSpanOffsetNano = 40_000_000_000;
const maxRootNano = 30_000_000_000;

/** The parts that differ from trace to trace; one object is filled again and again. */
export interface TraceDraft {
  age: number;
  flow: Flow;
  flowIndex: number;
  /** The trace id's four words, most significant first. */
  readonly traceId: Uint32Array;
  tenant: number;
  userAgent: number;
  endUser: number;
  /** Instance of each of the three services. */
  readonly instance: Uint8Array;
  /** Bit i is set when span i has an error; a failed span fails all above it. */
  errors: number;
  errorType: number;
  /** Nanoseconds after the data set's end (negative), whole numbers. */
  readonly start: Float64Array;
  readonly duration: Float64Array;
  /** Two words a span. */
  readonly spanId: Uint32Array;
  /** Two words a span: `request.id`, unique to the span. */
  readonly requestId: Uint32Array;
  /** Index into `experiments`. */
  readonly experiment: Uint8Array;
  /** 32 random bits a span for values that no search asks for. */
  readonly noise: Uint32Array;
}

export function createDraft(): TraceDraft {
  return {
    age: 0,
    flow: flows[0] as Flow,
    flowIndex: 0,
    traceId: new Uint32Array(4),
    tenant: 0,
    userAgent: 0,
    endUser: 0,
    instance: new Uint8Array(3),
    errors: 0,
    errorType: 0,
    start: new Float64Array(spansPerTrace),
    duration: new Float64Array(spansPerTrace),
    spanId: new Uint32Array(2 * spansPerTrace),
    requestId: new Uint32Array(2 * spansPerTrace),
    experiment: new Uint8Array(spansPerTrace),
    noise: new Uint32Array(spansPerTrace),
  };
}

const random = createRandom(0);

/** Fills the draft with the trace of this age; ages below 0 are newer than the data set. */
export function draftTrace(set: DataSet, age: number, draft: TraceDraft): void {
  random.reset(hash(set.seed, age));
  draft.age = age;
  draft.flowIndex = pickFlow(random.next());
  const flow = flows[draft.flowIndex] as Flow;
  draft.flow = flow;
  fillTraceId(set.seed, age, draft.traceId);
  draft.tenant = random.below(tenants.length);
  draft.userAgent = random.below(userAgents.length);
  draft.endUser = random.below(endUsers);
  for (let seat = 0; seat < 3; seat++) draft.instance[seat] = random.below(instancesPerService);
  draft.errors = random.below(50) === 0 ? withAncestors(flow, random.below(spansPerTrace)) : 0;
  draft.errorType = random.below(4);
  const tail = 0.5 * (1 - random.fraction()) ** -0.55;
  const rootNano = Math.min(maxRootNano, Math.round(flow.medianNano * tail));
  const traceStart = -age * stepNano - random.below(jitterNano);
  for (let i = 0; i < spansPerTrace; i++) {
    const slot = flow.slots[i];
    if (slot === undefined) continue;
    if (slot.parent < 0) {
      draft.start[i] = traceStart;
      draft.duration[i] = rootNano;
    } else {
      const parentStart = draft.start[slot.parent] as number;
      const parentNano = draft.duration[slot.parent] as number;
      draft.start[i] = parentStart + Math.floor(parentNano * (slot.from + 0.04 * random.fraction()));
      draft.duration[i] = Math.floor(parentNano * slot.share * (0.6 + 0.4 * random.fraction()));
    }
    draft.spanId[2 * i] = random.next() | 1;
    draft.spanId[2 * i + 1] = random.next();
    draft.requestId[2 * i] = random.next();
    draft.requestId[2 * i + 1] = random.next();
    const rare = random.below(rareOneIn);
    const common = random.below(commonExperiments.length);
    draft.experiment[i] = rare < rareExperiments.length ? commonExperiments.length + rare : common;
    draft.noise[i] = random.next();
  }
}

function withAncestors(flow: Flow, failed: number): number {
  let errors = 0;
  for (let i = failed; i >= 0; i = flow.slots[i]?.parent ?? -1) errors |= 1 << i;
  return errors;
}

function fillTraceId(seed: number, age: number, words: Uint32Array): void {
  const base = hash(seed, age, 7);
  words[0] = base;
  words[1] = mix(age ^ mix(seed));
  words[2] = mix(base + 1);
  words[3] = mix(base + 2);
}

/** The trace id of this age as lower-case hex. */
export function traceIdOf(set: DataSet, age: number): string {
  const words = new Uint32Array(4);
  fillTraceId(set.seed, age, words);
  return Array.from(words, hexWord).join("");
}

/** The age of the trace with this id, or `undefined` for an id that the data set never makes. */
export function ageOf(set: DataSet, traceId: string): number | undefined {
  const age = (unmix(Number.parseInt(traceId.slice(8, 16), 16)) ^ mix(set.seed)) | 0;
  return traceIdOf(set, age) === traceId ? age : undefined;
}

export function hexWord(word: number): string {
  return word.toString(16).padStart(8, "0");
}
