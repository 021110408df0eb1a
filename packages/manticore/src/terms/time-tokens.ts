/**
 * Tokens of the time that a fragment's newest span started in: a search that needs only the newest part of a table
 * joins them to the others, and the index passes over older fragments.
 */
interface Grain {
  readonly letter: string;
  readonly micros: bigint;
}

/** 67 seconds, and 18 minutes. */
const grains: readonly Grain[] = [
  { letter: "x", micros: 1n << 26n },
  { letter: "y", micros: 1n << 30n },
];
/** With more of them than this, the list of each is read faster by itself. */
const maxTokens = 4n;

function tokenOf({ letter, micros }: Grain, time: bigint): string {
  return `${letter}${(time / micros).toString(36)}`;
}

/** The tokens of a start in microseconds, with spaces between. */
export function timeTokens(startMicros: bigint): string {
  return grains.map((grain) => tokenOf(grain, startMicros)).join(" ");
}

/** A MATCH expression of what may start between two times, both inclusive; undefined for more than a little time. */
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
