import { Document } from "yaml";
import { fileValue, formatValue, hidesSecret } from "../format-value.js";
import {
  type Config,
  configSchema,
  environmentName,
  type OptionName,
  optionGroups,
  optionNames,
  options,
} from "../options.js";
import { indent, wrapped } from "./wrap.js";

/** The part of `--help` about the sources of options. */
export const sources = `A flag goes before the environment, the environment before the file. In the
environment an option is called SPANSTORE_ and its name in upper case, with _
for dots and dashes: --sqlite.path is SPANSTORE_SQLITE_PATH.`;

const configHelp = `A YAML file of these options, the dots as nesting. \${NAME:-default} in its values stands for an environment variable. Also SPANSTORE_CONFIG.`;

/**
 * The text of `--help`.
 * @param commands lines that list the program's commands beside serving; undefined without commands.
 */
export function helpText(program: string, commands: string | undefined): string {
  const defaults = configSchema.parse({});
  const sections = Object.entries(optionGroups).map(
    ([group, names]) => `${group}:\n${names.map((name) => optionText(name, defaults)).join("\n")}`,
  );
  const usage =
    commands === undefined
      ? `Usage: ${program} [flags]

To search, import, export, copy and diagnose, install @spanstore/cli and run
spanstore.`
      : `Usage: ${program} [serve] [flags]
       ${program} COMMAND [flags]    see ${program} COMMAND --help

Commands, on any backend, or on a running server:
${commands}`;
  return `${program} keeps trace spans and serves them to Jaeger as its remote storage.

${usage}

${sections.join("\n\n")}

Configuration:
  --config FILE
${wrapped(configHelp)}
  --print-config
${indent}Print the effective configuration as such a file, and exit.
  --help, -h
${indent}Print this, and exit.
  --version
${indent}Print the version, and exit.

${sources}

Examples:
  ${program} --sqlite.path=/var/lib/spanstore/spans.sqlite --listen=0.0.0.0:17271
  ${program} --backend=memory --allow-purge
  ${program} --config=spanstore.yaml --log.level=debug
  SPANSTORE_LISTEN=:17271 ${program}

Exit codes:
  0  SIGTERM or SIGINT ended it
  1  it cannot serve
  2  the command line, the environment or the configuration is wrong
`;
}

/**
 * The effective configuration as a file for `--config`. A secret is replaced by a reference to the environment variable of
 * its option.
 */
export function configText(config: Config): string {
  const document = new Document({});
  for (const option of optionNames) {
    const path = option.split(".");
    if (hidesSecret(option, config[option])) {
      const node = document.createNode(`\${${environmentName(option)}}`);
      node.comment = ` ${formatValue(option, config[option])}`;
      document.setIn(path, node);
    } else {
      document.setIn(path, document.createNode(escapeDollars(fileValue(option, config[option]))));
    }
  }
  return document.toString({ lineWidth: 0 });
}

function escapeDollars(value: string | boolean | readonly string[]): unknown {
  if (typeof value === "boolean") return value;
  const escaped = (text: string): string => text.replaceAll("$", "$$$$");
  return typeof value === "string" ? escaped(value) : value.map(escaped);
}

function optionText(name: OptionName, defaults: Config): string {
  const { placeholder, help } = options[name];
  const title = placeholder === "" ? `  --${name}` : `  --${name} ${placeholder}`;
  const value = formatValue(name, defaults[name]);
  const text = placeholder === "" ? help : `${help} Default: ${value}.`;
  return `${title}\n${wrapped(text)}`;
}
