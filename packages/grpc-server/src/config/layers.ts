import type { OptionName } from "./options.js";

/** One source of options: its values, and the name of each option in its messages. */
export interface Layer {
  readonly values: Readonly<Partial<Record<OptionName, unknown>>>;
  nameOf(option: OptionName): string;
}
