import type { OptionName } from "../options.js";

export interface OptionDescription {
  readonly group: string;
  /** What stands for the value in the help; empty for a switch. */
  readonly placeholder: string;
  readonly help: string;
}

/** Those of some options. */
export type DescriptionsOf = Readonly<Partial<Record<OptionName, OptionDescription>>>;
