/** The amounts that groups hold of a whole. */
export interface Shares {
  readonly of: (group: string) => number;
  readonly add: (group: string, amount: number) => void;
  /** Whether the group may take `amount` more while all groups hold `heldOfWhole`. */
  readonly allow: (group: string, amount: number, heldOfWhole: number) => boolean;
}

/** The part of the whole for groups that hold less than an equal share. */
const partForSmall = 1 / 8;

/**
 * Creates shares of `whole`. A group may take free amounts except the last eighth, which is for groups that hold less than
 * an equal share. Equal shares count one group more than there are, so that a newcomer has one.
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
