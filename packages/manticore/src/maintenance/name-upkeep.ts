import type { Control } from "../coordination/control.js";
import type { Catalog } from "../schema/catalog.js";
import type { Window } from "../schema/windows.js";
import type { Operations } from "../write/operations.js";

/** Keeps the lists of services and operations in step with deletions. */
export interface NameUpkeep {
  /** Makes later writes note their names again. When it resolves, the rows of earlier writes are stored. */
  readonly announce: () => Promise<void>;
  /**
   * Removes names without spans, and stores names that other windows still have.
   * @param changed the windows that lost spans.
   */
  readonly follow: (changed: readonly Window[]) => Promise<void>;
}

export interface NameUpkeepParts {
  readonly catalog: Pick<Catalog, "list">;
  readonly control: Pick<Control, "raiseGeneration" | "sequence">;
  readonly operations: Pick<Operations, "windows" | "prune" | "renew">;
}

export function createNameUpkeep({ catalog, control, operations }: NameUpkeepParts): NameUpkeep {
  const announce = async (): Promise<void> => {
    await control.raiseGeneration();
    await control.sequence();
  };
  return {
    announce,
    follow: async (changed) => {
      const listed = await catalog.list();
      const touched = windowsToLookInto(changed, listed, await operations.windows());
      if (touched.length === 0) return;
      const before = namesOf(listed);
      await operations.prune(touched, ({ name }) => before.has(name));
      // Announces before it looks for names of spans that were written meanwhile.
      await announce();
      const now = namesOf(await catalog.list());
      await operations.renew(touched.filter(({ name }) => now.has(name)));
    },
  };
}

/**
 * The windows whose names may have changed, each once: windows that lost spans, windows with names but no tables, which
 * were dropped by hand, and all windows before one of the latter, since that one may have had the only row of a name.
 */
export function windowsToLookInto(
  changed: readonly Window[],
  listed: readonly Window[],
  named: readonly Window[],
): readonly Window[] {
  const present = namesOf(listed);
  const gone = named.filter(({ name }) => !present.has(name));
  const earlier = listed.filter(({ startUnixNano }) =>
    gone.some((other) => other.startUnixNano > startUnixNano),
  );
  return [
    ...new Map([...changed, ...gone, ...earlier].map((window) => [window.name, window] as const)).values(),
  ];
}

function namesOf(windows: readonly Window[]): ReadonlySet<string> {
  return new Set(windows.map(({ name }) => name));
}
