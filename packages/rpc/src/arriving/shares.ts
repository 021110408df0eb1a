/** The part of an amount that each group holds. */
export interface Shares {
  readonly of: (group: string) => number;
  readonly add: (group: string, amount: number) => void;
  /** Whether the group may have so much more, when so much of the whole is held. */
  readonly allow: (group: string, amount: number, heldOfWhole: number) => boolean;
}

/** This part of the whole is for groups that hold less than an equal share of it. */
const partForSmall = 1 / 8;

/**
 * Shares of `whole`. A group may take what is free, but for the last eighth: that is for groups that hold less than an
 * equal share, where one share more than there are groups keeps a place for the next one.
 */
export function createShares(whole: number): Shares {
  const held = new Map<string, number>();
  return {
    of: (group) => held.get(group) ?? 0,
    add: (group, amount) => {
      const now = (held.get(group) ?? 0) + amount;
      if (now === 0) held.delete(group);
      else held.set(group, now);
    },
    allow: (group, amount, heldOfWhole) => {
      if (heldOfWhole + amount <= whole * (1 - partForSmall)) return true;
      const own = held.get(group) ?? 0;
      const groups = held.size + (own === 0 ? 1 : 0);
      return own + amount <= whole / (groups + 1);
    },
  };
}
