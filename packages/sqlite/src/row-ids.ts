/**
 * Ids of fragments. The upper 45 bits are the fragment's newest start in milliseconds, the lower 18 are
 * bits of its content's hash: so ids order by time, and a replayed fragment meets its first copy at
 * its own id.
 *
 * Where all probed places of a millisecond are taken, a fragment moves to a later one. How far any
 * has ever moved is kept as the `displacement`, so that searches look that much further.
 */
const hashBits = 18n;
const hashMask = (1n << hashBits) - 1n;
const nanosPerMilli = 1_000_000n;

/** Spans of one fragment start at most this many milliseconds apart. */
export const maxExtentMillis = 1024;

export const maxId = 0x7fffffffffffffffn;

/** The first id of a time's millisecond. */
export function firstIdAt(unixNano: bigint): bigint {
  return (unixNano / nanosPerMilli) << hashBits;
}

/** The last id that a fragment with a span at this time or before can have. */
export function lastIdAt(unixNano: bigint, displacementMillis: bigint): bigint {
  // One more for the rounding of a fragment's extent.
  const millis = unixNano / nanosPerMilli + BigInt(maxExtentMillis) + 1n + displacementMillis;
  const id = (millis << hashBits) | hashMask;
  return id > maxId ? maxId : id;
}

/** No fragment with a smaller id has a span that started after this time. */
export function newestBelow(id: bigint): bigint {
  return ((id >> hashBits) + 1n) * nanosPerMilli - 1n;
}

/** Where a fragment is put unless another one is there. */
export function preferredId(newestStartUnixNano: bigint, hash: Buffer): bigint {
  return firstIdAt(newestStartUnixNano) | (BigInt(hash.readUIntBE(0, 3)) & hashMask);
}

/** Places to try for a fragment, the preferred one first; without end. */
export function* candidateIds(newestStartUnixNano: bigint, hash: Buffer): Generator<bigint, never, undefined> {
  const base = firstIdAt(newestStartUnixNano);
  const low = preferredId(newestStartUnixNano, hash) & hashMask;
  for (let step = 0n; step < 16n; step++) yield base | ((low + step) & hashMask);
  // A crowded millisecond: move to a later one, further the more are crowded.
  for (let reach = 1; ; reach = Math.min(reach * 2, 1 << 30)) {
    for (let attempt = 0; attempt < 4; attempt++) {
      const moved = BigInt(1 + Math.floor(Math.random() * reach)) << hashBits;
      const id = base + moved + ((low + BigInt(attempt)) & hashMask);
      if (id <= maxId) yield id;
      else yield base | BigInt(Math.floor(Math.random() * Number(hashMask)));
    }
  }
}

/** How many milliseconds an id lies after the one that its fragment's newest start gives. */
export function displacementOf(id: bigint, newestStartUnixNano: bigint): bigint {
  return (id >> hashBits) - newestStartUnixNano / nanosPerMilli;
}
