import { parseArgs } from "node:util";
import { shownText } from "./backend-address.js";
import type { Layer } from "./layers.js";
import { optionNames, options } from "./options.js";
import { hint } from "./usage-error.js";

export interface CommandLine {
  readonly layer: Layer;
  readonly help: boolean;
  readonly version: boolean;
  readonly printConfig: boolean;
  /** The configuration file's path. */
  readonly config: string | undefined;
  /** The values of a command's own flags, in order; `true` for a switch without a value. */
  readonly own: ReadonlyMap<string, readonly (string | true)[]>;
  /** Arguments without dashes. The server takes none, and reports each as a problem. */
  readonly positionals: readonly string[];
  readonly problems: readonly string[];
}

/** The flags of a command beside the configuration's. */
export type OwnFlags = Readonly<
  Record<string, { readonly placeholder: string; readonly repeated?: boolean }>
>;

/** Switches outside of the configuration. */
const switches = ["help", "version", "print-config"] as const;

/**
 * Reads the command line. Problems are returned, not thrown, so that all of them are shown at once.
 * @param ownFlags the flags of a command, which also takes arguments; undefined for the server.
 */
export function readFlags(args: readonly string[], ownFlags?: OwnFlags): CommandLine {
  const placeholders: Readonly<Record<string, { readonly placeholder: string }>> = {
    ...options,
    ...ownFlags,
    config: { placeholder: "FILE" },
  };
  const placeholderOf = (name: string): string => placeholders[name]?.placeholder ?? "";
  const isSwitch = (name: string): boolean => placeholderOf(name) === "";
  const known: readonly string[] = [...optionNames, ...Object.keys(ownFlags ?? {}), ...switches, "config"];
  const { tokens } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(known.map((name) => [name, { type: isSwitch(name) ? "boolean" : "string" }])),
      help: { type: "boolean", short: "h" },
    },
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const given = new Map<string, string | true>();
  const own = new Map<string, (string | true)[]>();
  const positionals: string[] = [];
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") {
      if (ownFlags === undefined)
        problems.push(`unexpected argument ${shownText(JSON.stringify(token.value))}`);
      else positionals.push(token.value);
    } else if (token.kind === "option") {
      if (!known.includes(token.name)) {
        problems.push(`unknown flag ${token.rawName}${dashed(hint(token.name, known))}`);
      } else if (token.value === undefined && !isSwitch(token.name)) {
        problems.push(`${token.rawName} needs a value: ${placeholderOf(token.name)}`);
      } else if (ownFlags !== undefined && Object.hasOwn(ownFlags, token.name)) {
        const values = own.get(token.name) ?? [];
        if (values.length > 0 && ownFlags[token.name]?.repeated !== true)
          problems.push(`${token.rawName} stands there twice`);
        own.set(token.name, [...values, token.value ?? true]);
      } else {
        given.set(token.name, token.value ?? true);
      }
    }
  }
  const isOn = (name: (typeof switches)[number]) => {
    const value = given.get(name);
    if (typeof value === "string") problems.push(`--${name} takes no value`);
    return value !== undefined;
  };
  const values = Object.fromEntries([...given].filter(([name]) => Object.hasOwn(options, name)));
  const config = given.get("config");
  return {
    layer: { values, nameOf: (option) => `--${option}` },
    help: isOn("help"),
    version: isOn("version"),
    printConfig: isOn("print-config"),
    config: typeof config === "string" ? config : undefined,
    own,
    positionals,
    problems,
  };
}

function dashed(suggestion: string): string {
  return suggestion.replace("did you mean ", "did you mean --");
}
