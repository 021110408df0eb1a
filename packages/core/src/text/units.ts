/** Nanoseconds as a duration: `742.0 ms`, `1.87 s`. */
export function formatDuration(nano: bigint): string {
  const ms = Number(nano) / 1e6;
  return Math.abs(ms) < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** Nanoseconds since the epoch as local time of day. */
function formatTime(unixNano: bigint): string {
  const time = new Date(Number(unixNano / 1_000_000n));
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(":");
}

/** Nanoseconds since the epoch as local date and time: `2026-11-21 17:05:52`. */
export function formatDateTime(unixNano: bigint): string {
  const time = new Date(Number(unixNano / 1_000_000n));
  const date = [time.getFullYear(), twoDigits(time.getMonth() + 1), twoDigits(time.getDate())].join("-");
  return `${date} ${formatTime(unixNano)}`;
}

/** Nanoseconds since the epoch as RFC 3339 in UTC: `2026-11-21T17:05:52.000000001Z`. */
export function formatInstant(unixNano: bigint): string {
  const seconds = new Date(Number(unixNano / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(unixNano % 1_000_000_000n).padStart(9, "0")}Z`;
}

/** `1 span`, `1,234 spans`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

const sizeUnits: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/**
 * Parses a size to whole bytes: `64MiB`, `1.5 GiB`, `10kB`, `4096`. KiB, MiB, GiB and TiB are powers of 1024; kB, MB, GB and TB
 * are powers of 1000. Ignores case.
 */
export function parseSize(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const factor = sizeUnits[unit.toLowerCase()];
  // Fractions such as 0.1MiB may not be whole, so round.
  const bytes = Math.round(Number(digits) * (factor ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Formats bytes for `parseSize`, in the largest unit that divides them: `64MiB`, `1500B`. */
export function formatWholeSize(bytes: number): string {
  const units = ["TiB", "GiB", "MiB", "KiB"] as const;
  const unit = units.find((each) => bytes > 0 && bytes % (sizeUnits[each.toLowerCase()] as number) === 0);
  return unit === undefined ? `${bytes}B` : `${bytes / (sizeUnits[unit.toLowerCase()] as number)}${unit}`;
}

const byteUnits = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** `512 bytes`, `1.4 GiB`. */
export function formatSize(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${byteUnits[unit]}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
