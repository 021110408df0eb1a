/** So many numbers are a range, and so long they are good: a walk of another server waits for the end of it. */
export const rangeNumbers = 256;
const rangeMillis = 50;
/** The generation of a range is believed by writes for so long, well within what a walk waits for them. */
const generationMillis = 2_000;

/** Numbers that a server told the others of, and that no walk forbids. */
export interface NumberRange {
  /** The lowest number that is left. */
  readonly lowest: () => number;
  /**
   * Takes the next number: undefined once none is left, the time is over, or searchd started again.
   * @param now milliseconds of the clock that never jumps.
   * @param restarts of the client, now.
   */
  readonly take: (now: number, restarts: number) => number | undefined;
  /** The generation of the range, while it may be believed. */
  readonly generation: (now: number) => number | undefined;
}

export interface RangeFacts {
  readonly first: number;
  readonly generation: number;
  /** Of the client when the others were told of the range: a searchd that has started again since has lost that. */
  readonly restarts: number;
  /** When the generation was asked for, and when the range was allowed, by the clock that never jumps. */
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
