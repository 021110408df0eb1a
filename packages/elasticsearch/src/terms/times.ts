/**
 * The index has times in microseconds, which a JSON number holds exactly until the year 2255. All later times are one time to
 * the index, and core tells them apart.
 */
const latest = Number.MAX_SAFE_INTEGER;
const nanosPerMicro = 1000n;
const maxUnixNano = (1n << 64n) - 1n;

/** The microsecond of a time. */
export function micros(unixNano: bigint): number {
  const time = unixNano / nanosPerMicro;
  return time > BigInt(latest) ? latest : Number(time);
}

/** The last nanosecond of a microsecond. */
export function endOfMicro(time: number): bigint {
  return time >= latest ? maxUnixNano : BigInt(time) * nanosPerMicro + (nanosPerMicro - 1n);
}
