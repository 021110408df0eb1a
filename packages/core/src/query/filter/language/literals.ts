/**
 * Parses the constants of filters exactly as Go's strconv and time packages do, since Jaeger's clients are written for those.
 * Each function returns undefined for any other text.
 */

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

/** A 64-bit integer in decimal, with an optional sign. */
export function parseInt64(text: string): bigint | undefined {
  const match = /^([+-]?)(\d+)$/.exec(text);
  if (match === null) return undefined;
  const digits = BigInt(match[2] as string);
  const value = match[1] === "-" ? -digits : digits;
  return value >= int64Min && value <= int64Max ? value : undefined;
}

/** A double: decimal or hexadecimal with a binary exponent, or `inf`, `infinity`, `nan` in any case. */
export function parseDouble(text: string): number | undefined {
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (text.includes("_") && !underscoresSeparateDigits(text)) return undefined;
  const plain = text.replaceAll("_", "");
  if (plain !== text && /[eEpP][+-]?_/.test(text)) return undefined;
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : parseHexDouble(plain);
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

function underscoresSeparateDigits(text: string): boolean {
  const digits = /^[+-]?0x/i.test(text) ? /(^|[^0-9a-f])_(?<!0x_)|_($|[^0-9a-f])/i : /(^|\D)_|_($|\D)/;
  return !digits.test(text);
}

function parseHexDouble(text: string): number | undefined {
  const match = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)p([+-]?\d+)$/i.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = ""] = match;
  if (whole + fraction === "") return undefined;
  const magnitude = scaleExactly(BigInt(`0x${whole}${fraction}`), Number(exponent) - 4 * fraction.length);
  return sign === "-" ? -magnitude : magnitude;
}

/** The double nearest to mantissa times two to the exponent. */
function scaleExactly(mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0;
  const bits = mantissa.toString(2).length;
  if (bits + exponent > 1024) return Infinity;
  if (bits + exponent < -1100) return 0;
  if (exponent >= 0) return Number(mantissa << BigInt(exponent));
  // Doubles below 2^-1022 have fewer bits. Dropping the others first keeps it to one rounding.
  const dropped = Math.max(bits - 53, -1074 - exponent, 0);
  const kept = roundHalfEven(mantissa, BigInt(dropped));
  const rest = exponent + dropped;
  return Number(kept) * 2 ** Math.max(rest, -1000) * 2 ** Math.min(rest + 1000, 0);
}

function roundHalfEven(value: bigint, dropped: bigint): bigint {
  if (dropped === 0n) return value;
  const half = 1n << (dropped - 1n);
  const rest = value & ((1n << dropped) - 1n);
  const kept = value >> dropped;
  return rest > half || (rest === half && (kept & 1n) === 1n) ? kept + 1n : kept;
}

/** `1 t T TRUE true True` or `0 f F FALSE false False`. */
export function parseBool(text: string): boolean | undefined {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const longUnitNanos: Readonly<Record<string, bigint>> = {
  ...unitNanos,
  d: 24n * 3_600_000_000_000n,
  w: 7n * 24n * 3_600_000_000_000n,
};

/** Nanoseconds of a duration such as `2s`, `1h30m`, `-1.5ms`, `0`. Truncates to whole nanoseconds. */
export function parseDuration(text: string): bigint | undefined {
  return durationOf(text, unitNanos);
}

/** Like `parseDuration`, with days of 24 hours and weeks of 7 days: `7d`, `2w`, `1d12h`. */
export function parseTimeSpan(text: string): bigint | undefined {
  return durationOf(text, longUnitNanos);
}

function durationOf(text: string, units: Readonly<Record<string, bigint>>): bigint | undefined {
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  let rest = text.slice(sign.length);
  if (rest === "0") return 0n;
  if (rest === "") return undefined;
  let total = 0n;
  while (rest !== "") {
    const match = /^(?:(\d+)(?:\.(\d*))?|\.(\d+))([^\d.]+)/.exec(rest);
    const name = match?.[4] ?? "";
    const unit = Object.hasOwn(units, name) ? units[name] : undefined;
    if (match === null || unit === undefined) return undefined;
    total += BigInt(match[1] ?? 0) * unit + fractionOf(match[2] ?? match[3] ?? "", unit);
    if (total > 2n ** 63n) return undefined;
    rest = rest.slice(match[0].length);
  }
  const value = sign === "-" ? -total : total;
  return value <= int64Max ? value : undefined;
}

/** A decimal fraction of a unit, in Go's floating-point arithmetic. */
function fractionOf(digits: string, unit: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > int64Max / 10n || next > 2n ** 63n) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

const instantForm =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** Nanoseconds since the epoch of an RFC 3339 instant. Truncates to whole nanoseconds. */
export function parseInstant(text: string): bigint | undefined {
  const match = instantForm.exec(text);
  if (match === null) return undefined;
  const part = (index: number) => Number(match[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || part(9) > 23 || part(10) > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const offset = (part(9) * 60 + part(10)) * (match[8] === "-" ? -60 : 60);
  const nanos = BigInt((match[7] ?? "").slice(0, 9).padEnd(9, "0"));
  return BigInt(date.getTime() / 1000 - offset) * 1_000_000_000n + nanos;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
