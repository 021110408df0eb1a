import type { OptionName } from "./options.js";

/** What one source says: values by option, and how that source calls the option, for messages. */
export interface Layer {
  readonly values: Readonly<Partial<Record<OptionName, unknown>>>;
  nameOf(option: OptionName): string;
}
