import { configVariable, type Environment, readEnvironment, unknownVariables } from "./environment.js";
import { readConfigFile } from "./file.js";
import { type CommandLine, readFlags } from "./flags.js";
import { givenText } from "./format-value.js";
import type { Layer } from "./layers.js";
import { type Config, configSchema, type OptionName, optionNames } from "./options.js";
import { UsageError } from "./usage-error.js";

export interface Invocation {
  /** What the command line asks for. Help and version work with a wrong configuration too. */
  readonly action: "help" | "version" | "print-config" | "serve";
  readonly config: Config;
  readonly warnings: readonly string[];
}

/**
 * Loads the configuration from the command line, the environment and the file that these may name, in this precedence. An
 * option without a source has its default.
 * @throws UsageError with every problem found.
 */
export function loadConfig(args: readonly string[], environment: Environment): Invocation {
  const flags = readFlags(args);
  const action = actionOf(flags);
  if (action === "help" || action === "version") {
    return { action, config: configSchema.parse({}), warnings: [] };
  }
  return { action, ...configOf(flags, environment) };
}

/**
 * Loads the configuration of a parsed command line.
 * @throws UsageError with every problem found, those of the command line included.
 */
export function configOf(
  flags: Pick<CommandLine, "layer" | "config" | "problems">,
  environment: Environment,
): Omit<Invocation, "action"> {
  const problems = [...flags.problems];
  const layers = [flags.layer, readEnvironment(environment)];
  const path = flags.config ?? environment[configVariable];
  if (path) {
    try {
      layers.push(readConfigFile(path, environment));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(...error.problems);
    }
  }
  const unknown = unknownVariables(environment);
  problems.push(...unknown.problems);
  const config = merge(layers, problems);
  if (config === undefined || problems.length > 0) throw new UsageError(problems);
  return { config, warnings: unknown.warnings };
}

function actionOf(flags: CommandLine): Invocation["action"] {
  if (flags.help) return "help";
  if (flags.version) return "version";
  return flags.printConfig ? "print-config" : "serve";
}

/** Merges the layers. Returns undefined, with the reasons in `problems`, when an option refuses its value. */
function merge(layers: readonly Layer[], problems: string[]): Config | undefined {
  const values: Partial<Record<OptionName, unknown>> = {};
  const sources: Partial<Record<OptionName, Layer>> = {};
  for (const option of optionNames) {
    const source = layers.find((layer) => layer.values[option] !== undefined);
    if (source === undefined) continue;
    values[option] = source.values[option];
    sources[option] = source;
  }
  const result = configSchema.safeParse(values);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const option = issue.path[0] as OptionName;
    const name = sources[option]?.nameOf(option) ?? option;
    const words = wording(issue);
    const given = /\bempty\b/.test(words) ? "" : `, not ${givenText(option, values[option])}`;
    problems.push(`${name}: ${words}${given}`);
  }
  return undefined;
}

const alternatives = new Intl.ListFormat("en-GB", { type: "disjunction" });

function wording(issue: {
  readonly code?: string;
  readonly message: string;
  readonly values?: unknown;
}): string {
  return Array.isArray(issue.values) ? `must be ${alternatives.format(issue.values)}` : issue.message;
}
