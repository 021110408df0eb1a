import { parseArgs } from "node:util";
import type { Layer } from "./layers.js";
import { descriptions, type OptionName, optionNames } from "./options.js";
import { hint } from "./usage-error.js";

export interface CommandLine {
  readonly layer: Layer;
  readonly help: boolean;
  readonly version: boolean;
  readonly printConfig: boolean;
  /** The configuration file's path. */
  readonly config: string | undefined;
  readonly problems: readonly string[];
}

/** Flags that are no options of the configuration. */
const switches = ["help", "version", "print-config"] as const;

/** Reads the command line; what is wrong with it is told, not thrown, so that all of it can be. */
export function readFlags(args: readonly string[]): CommandLine {
  const { tokens } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(
        optionNames.map((name) => [name, { type: isSwitch(name) ? "boolean" : "string" }]),
      ),
      ...Object.fromEntries(switches.map((name) => [name, { type: "boolean" }])),
      help: { type: "boolean", short: "h" },
      config: { type: "string" },
    },
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const known: readonly string[] = [...optionNames, ...switches, "config"];
  const given = new Map<string, string | true>();
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") {
      problems.push(`unexpected argument ${JSON.stringify(token.value)}`);
    } else if (token.kind === "option") {
      if (!known.includes(token.name)) {
        problems.push(`unknown flag ${token.rawName}${dashed(hint(token.name, known))}`);
      } else if (isSwitch(token.name)) {
        given.set(token.name, token.value ?? true);
      } else if (token.value === undefined) {
        problems.push(`${token.rawName} needs a value`);
      } else {
        given.set(token.name, token.value);
      }
    }
  }
  const isOn = (name: (typeof switches)[number]) => {
    const value = given.get(name);
    if (typeof value === "string") problems.push(`--${name} takes no value`);
    return value !== undefined;
  };
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const name of optionNames) {
    const value = given.get(name);
    if (value !== undefined) values[name] = value;
  }
  const config = given.get("config");
  return {
    layer: { values, nameOf: (option) => `--${option}` },
    help: isOn("help"),
    version: isOn("version"),
    printConfig: isOn("print-config"),
    config: typeof config === "string" ? config : undefined,
    problems,
  };
}

function isSwitch(name: string): boolean {
  const description = descriptions[name as OptionName];
  return description === undefined ? name !== "config" : description.placeholder === "";
}

function dashed(suggestion: string): string {
  return suggestion.replace("did you mean ", "did you mean --");
}
