const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

const durationForm = /^(?:\d+(?:ms|[ywdhms]))+$/;

/** A length of time such as `5m` or `1h30m`, in milliseconds. */
export function durationOfText(text: string): number | undefined {
  if (!durationForm.test(text)) return undefined;
  let millis = 0;
  for (const [, count, unit = ""] of text.matchAll(/(\d+)(ms|[ywdhms])/g)) {
    millis += Number(count) * (units[unit] ?? Number.NaN);
  }
  return Number.isSafeInteger(millis) ? millis : undefined;
}

/** A number such as `1.5e3`, `0x1f`, `1_000`, `+Inf` or `NaN`; a length of time counts as its seconds. */
export function numberOfText(text: string): number | undefined {
  const [, sign = "", digits = ""] = /^([+-]?)\s*(.*)$/s.exec(text) ?? [];
  const millis = durationOfText(digits);
  const value = millis === undefined ? plainNumber(digits.toLowerCase().replaceAll("_", "")) : millis / 1000;
  return value === undefined ? undefined : sign === "-" ? -value : value;
}

function plainNumber(digits: string): number | undefined {
  if (digits === "inf") return Number.POSITIVE_INFINITY;
  if (digits === "nan") return Number.NaN;
  const value = digits === "" ? Number.NaN : Number(digits);
  return Number.isNaN(value) ? undefined : value;
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** The text of a string literal by Go's rules; undefined when it does not end or has an unknown escape. */
export function textOfLiteral(literal: string): string | undefined {
  const quote = literal.charAt(0);
  if (literal.length < 2 || !literal.endsWith(quote)) return undefined;
  const inner = literal.slice(1, -1);
  if (quote === "`") return inner;
  const form = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))|([^\\])/gsuy;
  let text = "";
  let end = 0;
  for (const [whole, hex, short, long, octal, named, plain] of inner.matchAll(form)) {
    end += whole.length;
    const code = hex ?? short ?? long;
    if (plain !== undefined) text += plain;
    else if (code !== undefined || octal !== undefined) {
      const point = code === undefined ? Number.parseInt(octal ?? "", 8) : Number.parseInt(code, 16);
      if (point > 0x10ffff) return undefined;
      text += String.fromCodePoint(point);
    } else if (named === "\\" || named === quote) text += named;
    else if (named !== undefined && Object.hasOwn(escapes, named)) text += escapes[named];
    else return undefined;
  }
  return end === inner.length ? text : undefined;
}
