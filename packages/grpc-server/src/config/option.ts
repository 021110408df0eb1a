import type { z } from "zod";

/** Traits of an option's value beside its schema. */
export interface OptionTraits {
  /** Formats its number. Default: as a size in bytes. */
  readonly format?: (value: number) => string;
  /** The value is an address of a backend, which may contain a password. */
  readonly isAddress?: true;
  /** The value is never shown. */
  readonly isSecret?: true;
  /** An empty value is refused and does not mean none, since the option protects the server or names a secret. */
  readonly refusesEmpty?: true;
}

/** One option: the source of parsing, help, `--print-config` and the check of the README. */
export interface Option<Schema extends z.ZodType = z.ZodType> extends OptionTraits {
  /** The value's name in the help; empty for a switch. */
  readonly placeholder: string;
  readonly help: string;
  /** Parses the value of a flag, a variable or the file. It has the default. */
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
