import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Layouts } from "../read/layout.js";
import type { Catalog } from "../schema/catalog.js";
import type { Naming } from "../schema/naming.js";
import type { Place } from "../schema/places.js";
import type { Window } from "../schema/windows.js";
import { publishStopTerms } from "../terms/stop-terms.js";
import type { Operations } from "../write/operations.js";
import { findLostTerms } from "./lost-terms.js";

export interface RepairParts {
  readonly client: Client;
  readonly naming: Naming;
  readonly places: readonly Place[];
  readonly catalog: Pick<Catalog, "list">;
  readonly layouts: Pick<Layouts, "read">;
  readonly operations: Pick<Operations, "renew">;
}

/** The result of a repair. */
export interface Repaired {
  /** The number of lost stop terms, by the window's name. */
  readonly lostTerms: ReadonlyMap<string, number>;
  readonly windows: number;
}

/**
 * Derives from the spans of windows what a killed searchd may have lost: services and operations, and lists of stop
 * terms.
 * @param sampled about how many fragments of a window are compared with the index.
 */
export async function repairWindows(
  { client, naming, places, catalog, layouts, operations }: RepairParts,
  isWanted: (window: Window) => boolean,
  sampled: number,
): Promise<Repaired> {
  const lostTerms = new Map<string, number>();
  const wanted = (await catalog.list()).filter(isWanted);
  let count = 0;
  await operations.renew(wanted);
  for (const window of wanted) {
    try {
      const { stopTerms } = await layouts.read();
      const known = stopTerms(window.startUnixNano, window.startUnixNano);
      for (const place of places) {
        const terms = await findLostTerms(place, window.name, known, sampled);
        if (terms.size === 0) continue;
        await publishStopTerms(client, naming, [{ window, terms }]);
        lostTerms.set(window.name, Math.max(terms.size, lostTerms.get(window.name) ?? 0));
      }
      count++;
    } catch (error) {
      // A deletion dropped the window meanwhile.
      if (failureOf(error) !== "no table") throw error;
    }
  }
  return { lostTerms, windows: count };
}
