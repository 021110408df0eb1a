import { formatWholeSize } from "@spanstore/core/text";
import { shownAddress, shownText } from "./backend-address.js";
import { type Config, type OptionName, options } from "./options.js";
import { formatPerTenant } from "./values.js";

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
  const { format = formatWholeSize, isAddress, isSecret } = options[option];
  if (typeof value === "number") return format(value);
  // A tenant may be called none.
  if (typeof value !== "string" && value.length === 0) return option === "tenancy.tenants" ? "" : "none";
  if (value === "none") return value;
  if (isSecret) return hidden;
  if (typeof value === "string") return value;
  const shown = isAddress ? shownAddress : String;
  const words = value.map((one) => (typeof one === "string" ? shown(one) : formatPerTenant(one, format)));
  return words.some((word) => word.includes(",")) ? words : words.join(",");
}

/** Whether a value has a part that is not shown. */
export function hidesSecret<Name extends OptionName>(option: Name, value: Config[Name]): boolean {
  const { isAddress = false, isSecret } = options[option];
  if (isSecret) return value !== "none" && !(Array.isArray(value) && value.length === 0);
  return isAddress && [value].flat().some((part) => shownAddress(String(part)) !== part);
}

/** A value as the user gave it, for an error message. */
export function givenText(option: OptionName, value: unknown): string {
  const text = JSON.stringify(value);
  return options[option].isSecret && value !== "" ? hidden : shownText(text);
}

const hidden = "***";
