import { describe } from "vitest";
import { type LocatedPeer, locatePeer } from "../peers/locate.mjs";

/**
 * A suite that needs a real peer. Without it the suite is skipped, and the reporter says so at the
 * end of the run, by the mark in the name.
 * @param peer a name of scripts/peers/catalog.json.
 */
export function describeWithPeer(peer: string, name: string, tests: (located: LocatedPeer) => void): void {
  describeWithPeers([peer], name, (located) => tests(located(peer)));
}

/** The same of several peers; when some are missing, the mark names the first of them. */
export function describeWithPeers(
  peers: readonly [string, ...string[]],
  name: string,
  tests: (located: (peer: string) => LocatedPeer) => void,
): void {
  const found = new Map(peers.map((peer) => [peer, locatePeer(peer)]));
  const missing = peers.find((peer) => found.get(peer) === undefined);
  const suite = missing === undefined ? describe : describe.skip;
  // The tests of a skipped suite are collected, so that it can be said which ones, and never run.
  suite(`${name} [needs ${missing ?? peers[0]}]`, () => tests((peer) => found.get(peer) ?? { address: "" }));
}
