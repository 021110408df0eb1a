const units = [
  { name: "ms", nanos: 1_000_000n, digits: 6 },
  { name: "µs", nanos: 1000n, digits: 3 },
  { name: "ns", nanos: 1n, digits: 0 },
] as const;

/** Nanoseconds as Go prints a duration: `35ms`, `1m30.5s`, `0s`. */
export function goDuration(nanos: bigint): string {
  if (nanos === 0n) return "0s";
  const sign = nanos < 0n ? "-" : "";
  const size = nanos < 0n ? -nanos : nanos;
  for (const { name, nanos: unit, digits } of units) {
    if (size < 1_000_000_000n && size >= unit) return `${sign}${decimal(size, digits)}${name}`;
  }
  const minutes = size / 60_000_000_000n;
  const seconds = `${decimal(size % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return `${sign}${seconds}`;
  const hours = minutes / 60n;
  return hours === 0n ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60n}m${seconds}`;
}

/** A whole number with its last `digits` digits after the decimal point, without trailing zeros. */
function decimal(value: bigint, digits: number): string {
  const scale = 10n ** BigInt(digits);
  const fraction = String(value % scale)
    .padStart(digits, "0")
    .replace(/0+$/, "");
  return digits === 0 || fraction === "" ? String(value / scale) : `${value / scale}.${fraction}`;
}
