import type { z } from "zod";

/** Traits of an option's value beside its schema. */
export interface OptionTraits {
  /** How its number is written. Default: as a size in bytes. */
  readonly format?: (value: number) => string;
  /** Addresses of a backend, which may hold a password. */
  readonly isAddress?: true;
  /** Its value is never shown. */
  readonly isSecret?: true;
  /** It protects the server or names a secret: an empty value is refused, and does not mean none. */
  readonly refusesEmpty?: true;
}

/** One option: parsing, help, `--print-config` and the check of the README derive from it. */
export interface Option<Schema extends z.ZodType = z.ZodType> extends OptionTraits {
  /** Stands for the value in the help; empty for a switch. */
  readonly placeholder: string;
  readonly help: string;
  /** Parses the value of a flag, a variable or the file, and has the default. */
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
