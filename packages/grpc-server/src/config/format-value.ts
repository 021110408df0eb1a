import { formatWholeSize } from "@spanstore/core/text";
import { shownAddress, shownText } from "./backend-address.js";
import type { Config, OptionName } from "./options.js";
import { formatMillis, formatPerTenant } from "./values.js";

const times: ReadonlySet<OptionName> = new Set([
  "shutdown.grace",
  "elasticsearch.refresh-interval",
  "elasticsearch.timeout",
  "http.max-clock-skew",
  "limits.arrival-time",
  "reload.interval",
  "retention",
  "retention-interval",
  "tenancy.retention",
]);
const numbers: ReadonlySet<OptionName> = new Set([
  "http.max-span-series",
  "elasticsearch.shards",
  "limits.attributes",
  "limits.connections",
  "limits.calls",
  "limits.calls-per-connection",
]);

const addresses: ReadonlySet<OptionName> = new Set([
  "manticore.url",
  "manticore.shards",
  "elasticsearch.url",
]);

/** Whether an option's value must not be shown. */
function isSecret(option: OptionName): boolean {
  return option === "elasticsearch.api-key" || option === "auth.tokens";
}

/** A value as a user would write it, secrets apart. */
export function formatValue<Name extends OptionName>(option: Name, value: Config[Name]): string | boolean {
  const written = fileValue(option, value);
  return Array.isArray(written) ? written.join(",") : (written as string | boolean);
}

/** The same for a file: a list where a word has a comma in it. */
export function fileValue<Name extends OptionName>(
  option: Name,
  value: Config[Name],
): string | boolean | readonly string[] {
  if (typeof value === "boolean") return value;
  const format = times.has(option) ? formatMillis : numbers.has(option) ? String : formatWholeSize;
  if (typeof value === "number") return format(value);
  // Of tenants none is the name of one.
  if (typeof value !== "string" && value.length === 0) return option === "tenancy.tenants" ? "" : "none";
  if (value === "none") return value;
  if (isSecret(option)) return hidden;
  if (typeof value === "string") return value;
  const shown = addresses.has(option) ? shownAddress : String;
  const words = value.map((one) => (typeof one === "string" ? shown(one) : formatPerTenant(one, format)));
  return words.some((word) => word.includes(",")) ? words : words.join(",");
}

/** Whether a value has a part that is not shown. */
export function hidesSecret<Name extends OptionName>(option: Name, value: Config[Name]): boolean {
  if (isSecret(option)) return value !== "none" && !(Array.isArray(value) && value.length === 0);
  return addresses.has(option) && [value].flat().some((part) => shownAddress(String(part)) !== part);
}

/** A value as it was given, for a message that says what is wrong with it. */
export function givenText(option: OptionName, value: unknown): string {
  const text = JSON.stringify(value);
  return isSecret(option) && value !== "" ? hidden : shownText(text);
}

const hidden = "***";
