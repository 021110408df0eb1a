import type { Layer } from "./layers.js";
import { environmentName, type OptionName, optionNames, options } from "./options.js";
import { nearestTo } from "./usage-error.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that names the configuration file. */
export const configVariable = "SPANSTORE_CONFIG";

/** The bearer token of commands for a running server. */
export const tokenVariable = "SPANSTORE_SERVER_TOKEN";

const prefix = "SPANSTORE_";

/** The variables that Kubernetes sets in every pod for a service called `spanstore`. */
const kubernetes = /^SPANSTORE_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT|PORT)(?:_[A-Z0-9_]+)?$/;

/** Reads options from the environment. An empty variable counts as unset, except for options that refuse an empty value. */
export function readEnvironment(environment: Environment): Layer {
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const option of optionNames) {
    const value = environment[environmentName(option)];
    if (value || (value === "" && options[option].refusesEmpty)) values[option] = value;
  }
  return { values, nameOf: environmentName };
}

/** Messages about unknown SPANSTORE_ variables. */
export interface UnknownVariables {
  /** Probably misspelt options: the server refuses to start. */
  readonly problems: readonly string[];
  /** Other variables, which may belong to another program. */
  readonly warnings: readonly string[];
}

export function unknownVariables(environment: Environment): UnknownVariables {
  const known = [configVariable, tokenVariable, ...optionNames.map(environmentName)];
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(prefix) || known.includes(name) || kubernetes.test(name)) continue;
    const text = `the environment variable ${name} means nothing`;
    const nearest = nearestTo(ownPart(name), known.map(ownPart));
    if (nearest === undefined) warnings.push(text);
    else problems.push(`${text}; did you mean ${prefix}${nearest}?`);
  }
  return { problems, warnings };
}

/** The name without the common prefix, for comparing names. */
function ownPart(name: string): string {
  return name.slice(prefix.length);
}
