import type { OptionName } from "./options.js";

/** One source of options: its values, and its name of each option for messages. */
export interface Layer {
  readonly values: Readonly<Partial<Record<OptionName, unknown>>>;
  nameOf(option: OptionName): string;
}
