/** A cache of answers for a short time. */
export interface Recent<T> {
  readonly of: (key: string, load: () => Promise<T>) => Promise<T>;
  /** Drops all answers, and those of loads that have begun. */
  readonly forget: () => void;
}

const maxAnswers = 256;

/**
 * @param maxAgeMillis counted from the start of the load; 0 keeps nothing.
 * @param isSmall whether the cache may keep an answer.
 */
export function createRecent<T>(maxAgeMillis: number, isSmall: (answer: T) => boolean): Recent<T> {
  const answers = new Map<string, { readonly asked: number; readonly answer: T }>();
  let forgotten = 0;
  return {
    of: async (key, load) => {
      const asked = performance.now();
      const known = answers.get(key);
      if (known !== undefined && asked - known.asked < maxAgeMillis) return known.answer;
      const before = forgotten;
      const answer = await load();
      if (maxAgeMillis > 0 && before === forgotten && isSmall(answer)) {
        if (answers.size >= maxAnswers) answers.clear();
        answers.set(key, { asked, answer });
      }
      return answer;
    },
    forget: () => {
      forgotten++;
      answers.clear();
    },
  };
}
