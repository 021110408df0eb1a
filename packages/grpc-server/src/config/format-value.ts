import { formatWholeSize } from "@spanstore/core/text";
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
  "elasticsearch.shards",
  "limits.attributes",
  "limits.connections",
  "limits.calls",
  "limits.calls-per-connection",
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
  const words = value.map((one) =>
    typeof one === "string" ? withoutPassword(one) : formatPerTenant(one, format),
  );
  return words.some((word) => word.includes(",")) ? words : words.join(",");
}

/** Whether a value has a part that is not shown. */
export function hidesSecret<Name extends OptionName>(option: Name, value: Config[Name]): boolean {
  if (isSecret(option)) return value !== "none" && !(Array.isArray(value) && value.length === 0);
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return parts.some((part) => typeof part === "string" && withoutPassword(part) !== part);
}

/** A value as it was given, for a message that says what is wrong with it. */
export function givenText(option: OptionName, value: unknown): string {
  return isSecret(option) ? hidden : withoutPassword(JSON.stringify(value));
}

const hidden = "***";

function withoutPassword(text: string): string {
  return text.replaceAll(/(\w+:\/\/[^/@:]*):[^/@]*@/g, `$1:${hidden}@`);
}
