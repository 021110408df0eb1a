import { readFileSync } from "node:fs";
import { messageOf } from "@spanstore/core/engine";
import { parseDocument, visit } from "yaml";
import type { Environment } from "./environment.js";
import { fileProblem } from "./file-problem.js";
import type { Layer } from "./layers.js";
import { type OptionName, optionNames, options } from "./options.js";
import { hint, UsageError } from "./usage-error.js";

/** Matches `$$`, `${NAME}` and `${NAME:-default}`. */
const reference = /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})/g;

/**
 * Reads a YAML file of options, with nesting for the dots in their names. `${NAME}` and `${NAME:-default}` in values stand
 * for environment variables, `$$` for a dollar sign.
 * @throws UsageError naming the file, and the line or the key.
 */
export function readConfigFile(path: string, environment: Environment): Layer {
  const document = parseDocument(textOf(path), { prettyErrors: true });
  // Later errors follow from the first.
  const problems = document.errors.slice(0, 1).map((error) => error.message.split(/:?\n/, 1)[0] ?? "");
  if (problems.length === 0) {
    visit(document, {
      Scalar(key, node) {
        if (key === "key" || typeof node.value !== "string") return;
        node.value = node.value.replaceAll(reference, (whole, name?: string, fallback?: string) => {
          if (whole === "$$") return "$";
          const value = environment[name ?? ""] || fallback;
          if (value === undefined)
            problems.push(`the environment variable ${name} is not set, and has no default`);
          return value ?? "";
        });
      },
    });
  }
  const values: Partial<Record<OptionName, unknown>> = {};
  const read = (given: unknown, prefix: string) => {
    if (given === null) return;
    if (typeof given !== "object" || Array.isArray(given)) {
      problems.push(prefix === "" ? "must be a map of options" : `${prefix} must be a map of options`);
      return;
    }
    for (const [key, value] of Object.entries(given)) {
      const name = prefix === "" ? key : `${prefix}.${key}`;
      if (isOption(name)) values[name] = value ?? (options[name].refusesEmpty ? "" : undefined);
      else if (optionNames.some((option) => option.startsWith(`${name}.`))) read(value, name);
      else problems.push(`unknown key ${name}${hint(name, optionNames)}`);
    }
  };
  if (problems.length === 0) {
    try {
      read(document.toJS(), "");
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  if (problems.length > 0) throw new UsageError(problems.map((problem) => `${path}: ${problem}`));
  return { values, nameOf: (option) => `${path}: ${option}` };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError([`the configuration file: ${fileProblem("read", path, error)}`]);
  }
}

function isOption(name: string): name is OptionName {
  return (optionNames as readonly string[]).includes(name);
}
