import type { z } from "zod";

/** What the value of an option is besides its schema. */
export interface OptionTraits {
  /** How its number is written. Default: as a size in bytes. */
  readonly format?: (value: number) => string;
  /** Addresses of a backend, which may hold a password. */
  readonly isAddress?: true;
  /** Its value is never shown. */
  readonly isSecret?: true;
  /** It protects the server or names a secret: one that is given and empty is refused, and does not stand for none. */
  readonly refusesEmpty?: true;
}

/** One option: parsing, help, `--print-config` and the check of the README derive from it. */
export interface Option<Schema extends z.ZodType = z.ZodType> extends OptionTraits {
  /** What stands for the value in the help; empty for a switch. */
  readonly placeholder: string;
  readonly help: string;
  /** Takes what a flag, the environment or the file has, and knows the default. */
  readonly schema: Schema;
}

export function option<Schema extends z.ZodType>(
  placeholder: string,
  help: string,
  schema: Schema,
  traits: OptionTraits = {},
): Option<Schema> {
  return { placeholder, help, schema, ...traits };
}
