/** Nanoseconds as a length of time with its unit: `742.0 ms`, `1.87 s`. */
export function formatDuration(nano: bigint): string {
  const ms = Number(nano) / 1e6;
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** Nanoseconds since the epoch as the local time of day. */
export function formatTime(unixNano: bigint): string {
  const time = new Date(Number(unixNano / 1_000_000n));
  const part = (value: number): string => String(value).padStart(2, "0");
  return `${part(time.getHours())}:${part(time.getMinutes())}:${part(time.getSeconds())}`;
}
