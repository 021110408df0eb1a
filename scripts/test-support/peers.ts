import { describe } from "vitest";
import { type LocatedPeer, locatePeer } from "../peers/locate.mjs";

/**
 * A suite that needs a real peer. Without it the suite is skipped, and the reporter says so at the
 * end of the run, by the mark in the name.
 * @param peer a name of scripts/peers/catalog.json.
 */
export function describeWithPeer(peer: string, name: string, tests: (located: LocatedPeer) => void): void {
  const located = locatePeer(peer);
  const marked = `${name} [needs ${peer}]`;
  if (located !== undefined) describe(marked, () => tests(located));
  // The tests are collected, so that it can be said which ones, and never run.
  else describe.skip(marked, () => tests({ address: "" }));
}
