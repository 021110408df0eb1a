/** Nanoseconds as a length of time with its unit: `742.0 ms`, `1.87 s`. */
export function formatDuration(nano: bigint): string {
  const ms = Number(nano) / 1e6;
  return Math.abs(ms) < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** Nanoseconds since the epoch as the local time of day. */
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

/** Nanoseconds since the epoch as RFC 3339 in UTC, to the nanosecond: `2026-11-21T17:05:52.000000001Z`. */
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
