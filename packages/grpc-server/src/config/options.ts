import { z } from "zod";
import type { Option } from "./option.js";
import { networkOptions, securityOptions } from "./options/access.js";
import { deadLetterOptions, limitOptions, loggingOptions } from "./options/limits.js";
import { storageOptions } from "./options/storage.js";
import { retentionOptions, specialOptions, tenantOptions } from "./options/tenants.js";
import { watchOptions } from "./options/watches.js";

const all = {
  ...storageOptions,
  ...networkOptions,
  ...securityOptions,
  ...retentionOptions,
  ...tenantOptions,
  ...specialOptions,
  ...limitOptions,
  ...watchOptions,
  ...deadLetterOptions,
  ...loggingOptions,
};

export type OptionName = keyof typeof all;

/**
 * Every option, by the name of its flag. The file has nesting for the dots; the environment has the name in upper case
 * after SPANSTORE_, with underscores for dots and dashes.
 */
export const options: Readonly<Record<OptionName, Option>> = all;

export const optionNames = Object.keys(all) as OptionName[];

/** The options by the headings of the help. */
export const optionGroups: Readonly<Record<string, readonly OptionName[]>> = {
  Storage: namesOf(storageOptions),
  Network: [...namesOf(networkOptions), ...namesOf(specialOptions)],
  Security: namesOf(securityOptions),
  Retention: namesOf(retentionOptions),
  Tenants: namesOf(tenantOptions),
  Limits: [...namesOf(limitOptions), ...namesOf(deadLetterOptions)],
  Watches: namesOf(watchOptions),
  Logging: namesOf(loggingOptions),
};

type Schemas = { readonly [Name in OptionName]: (typeof all)[Name]["schema"] };

export const configSchema = z.strictObject(
  Object.fromEntries(optionNames.map((name) => [name, all[name].schema])) as unknown as Schemas,
);

/** The effective configuration: sizes in bytes, times in milliseconds. */
export type Config = z.output<typeof configSchema>;

function namesOf(some: object): OptionName[] {
  return Object.keys(some) as OptionName[];
}

/** The environment variable of an option. */
export function environmentName(option: string): string {
  return `SPANSTORE_${option.replaceAll(/[.-]/g, "_").toUpperCase()}`;
}
