import { formatWholeSize } from "@spanstore/core/text";
import { shownAddress, shownText } from "./backend-address.js";
import { type Config, type OptionName, options } from "./options.js";
import { formatPerTenant } from "./values.js";

/** A value in the form of a flag, with secrets hidden. */
export function formatValue<Name extends OptionName>(option: Name, value: Config[Name]): string | boolean {
  const written = fileValue(option, value);
  return Array.isArray(written) ? written.join(",") : (written as string | boolean);
}

/** The same for a file, with a list when a word contains a comma. */
export function fileValue<Name extends OptionName>(
  option: Name,
  value: Config[Name],
): string | boolean | readonly string[] {
  if (typeof value === "boolean") return value;
  const { format = formatWholeSize, isAddress, isSecret } = options[option];
  if (typeof value === "number") return format(value);
  // The word none would be the name of a tenant.
  if (typeof value !== "string" && value.length === 0) return option === "tenancy.tenants" ? "" : "none";
  if (value === "none") return value;
  if (isSecret) return hidden;
  if (typeof value === "string") return value;
  const shown = isAddress ? shownAddress : String;
  const words = value.map((one) => (typeof one === "string" ? shown(one) : formatPerTenant(one, format)));
  return words.some((word) => word.includes(",")) ? words : words.join(",");
}

/** Whether `formatValue` hides a part of a value. */
export function hidesSecret<Name extends OptionName>(option: Name, value: Config[Name]): boolean {
  const { isAddress = false, isSecret } = options[option];
  if (isSecret) return value !== "none" && !(Array.isArray(value) && value.length === 0);
  return isAddress && [value].flat().some((part) => shownAddress(String(part)) !== part);
}

/** A given value for an error message, with secrets hidden. */
export function givenText(option: OptionName, value: unknown): string {
  const text = JSON.stringify(value);
  return options[option].isSecret && value !== "" ? hidden : shownText(text);
}

const hidden = "***";
