import type { Config, OptionName } from "./options.js";
import { formatBytes, formatPerTenant, formatTimeSpan } from "./values.js";

const times: ReadonlySet<OptionName> = new Set([
  "shutdown.grace",
  "elasticsearch.refresh-interval",
  "elasticsearch.timeout",
  "limits.arrival-time",
  "reload.interval",
  "retention",
  "retention-interval",
  "tenancy.retention",
]);
const numbers: ReadonlySet<OptionName> = new Set(["elasticsearch.shards", "limits.attributes"]);

/** Whether an option's value must not be shown. */
function isSecret(option: OptionName): boolean {
  return option === "elasticsearch.api-key" || option === "auth.tokens";
}

/** A value as a user would write it, secrets apart. */
export function formatValue<Name extends OptionName>(option: Name, value: Config[Name]): string | boolean {
  if (typeof value === "boolean") return value;
  const format = times.has(option) ? formatTimeSpan : numbers.has(option) ? String : formatBytes;
  if (typeof value === "number") return format(value);
  if (value === "none" || (typeof value !== "string" && value.length === 0)) return "none";
  if (isSecret(option)) return hidden;
  if (typeof value === "string") return value;
  return value
    .map((one) => (typeof one === "string" ? withoutPassword(one) : formatPerTenant(one, format)))
    .join(",");
}

/** A value as it was given, for a message that says what is wrong with it. */
export function givenText(option: OptionName, value: unknown): string {
  return isSecret(option) ? hidden : withoutPassword(JSON.stringify(value));
}

const hidden = "***";

function withoutPassword(text: string): string {
  return text.replaceAll(/(\w+:\/\/[^/@:]*):[^/@]*@/g, `$1:${hidden}@`);
}
