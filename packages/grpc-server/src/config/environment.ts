import type { Layer } from "./layers.js";
import { environmentName, type OptionName, optionNames } from "./options.js";
import { hint } from "./usage-error.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that names the configuration file. */
export const configVariable = "SPANSTORE_CONFIG";

/** The bearer token with which commands ask a running server. */
export const tokenVariable = "SPANSTORE_SERVER_TOKEN";

/** What Kubernetes sets in every pod when a service is called `spanstore`. */
const kubernetes = /^SPANSTORE_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT|PORT)(?:_[A-Z0-9_]+)?$/;

/** Options set in the environment; an empty variable sets nothing. */
export function readEnvironment(environment: Environment): Layer {
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const option of optionNames) {
    const value = environment[environmentName(option)];
    if (value) values[option] = value;
  }
  return { values, nameOf: environmentName };
}

/** A line for each SPANSTORE_ variable that sets nothing: others may set such, so it is no error. */
export function unknownVariables(environment: Environment): string[] {
  const known = [configVariable, tokenVariable, ...optionNames.map(environmentName)];
  return Object.keys(environment)
    .filter((name) => name.startsWith("SPANSTORE_") && !known.includes(name) && !kubernetes.test(name))
    .map((name) => `the environment variable ${name} means nothing${hint(name, known)}`);
}
