/** The numbers of a range, and how long they are valid: walks of other servers wait for the end of a range. */
export const rangeNumbers = 256;
const rangeMillis = 50;
/** How long a range's generation is valid for writes; well below the time that a walk waits for them. */
const generationMillis = 2_000;

/** Published numbers that no walk forbids. */
export interface NumberRange {
  /** The lowest number left. */
  readonly lowest: () => number;
  /**
   * Takes the next number; undefined once the range is used up or expired, or searchd restarted.
   * @param now milliseconds of the monotonic clock.
   * @param restarts the client's count of restarts now.
   */
  readonly take: (now: number, restarts: number) => number | undefined;
  /** The generation of the range; undefined once it is too old. */
  readonly generation: (now: number) => number | undefined;
}

export interface RangeFacts {
  readonly first: number;
  readonly generation: number;
  /** The client's count of restarts when the range was published: a restart loses the published row. */
  readonly restarts: number;
  /** When the generation was requested, and when the range was allowed, by the monotonic clock. */
  readonly asked: number;
  readonly allowed: number;
}

export function createNumberRange({ first, generation, restarts, asked, allowed }: RangeFacts): NumberRange {
  let next = first;
  return {
    lowest: () => next,
    take: (now, restartsNow) => {
      const isGood = next < first + rangeNumbers && now < allowed + rangeMillis && restartsNow === restarts;
      return isGood ? next++ : undefined;
    },
    generation: (now) => (now - asked < generationMillis ? generation : undefined),
  };
}
