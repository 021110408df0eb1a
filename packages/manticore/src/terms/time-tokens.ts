/**
 * Fragments have tokens for the start of their newest span. A search of a part of a table adds them to its condition,
 * so that the index skips older fragments.
 */
interface Grain {
  readonly letter: string;
  readonly micros: bigint;
}

/** Buckets of 67 seconds and of 18 minutes. */
const grains: readonly Grain[] = [
  { letter: "x", micros: 1n << 26n },
  { letter: "y", micros: 1n << 30n },
];
/** With more tokens of time than this, a search is faster without them. */
const maxTokens = 4n;

function tokenOf({ letter, micros }: Grain, time: bigint): string {
  return `${letter}${(time / micros).toString(36)}`;
}

/** The tokens of a start in microseconds, with spaces between. */
export function timeTokens(startMicros: bigint): string {
  return grains.map((grain) => tokenOf(grain, startMicros)).join(" ");
}

/** A MATCH expression for starts between two times, both inclusive; undefined when it would take too many tokens. */
export function matchTime(fromMicros: bigint, toMicros: bigint): string | undefined {
  for (const grain of grains) {
    const first = fromMicros / grain.micros;
    const last = toMicros / grain.micros;
    if (last - first >= maxTokens) continue;
    const tokens: string[] = [];
    for (let bucket = first; bucket <= last; bucket++)
      tokens.push(`"${tokenOf(grain, bucket * grain.micros)}"`);
    return `(${tokens.join("|")})`;
  }
  return undefined;
}
