import { stringify } from "yaml";
import {
  type Config,
  configSchema,
  descriptions,
  formatValue,
  type OptionName,
  optionNames,
} from "./options.js";

const indent = " ".repeat(6);
const width = 90;

/** What `--help` prints. */
export function helpText(): string {
  const defaults = configSchema.parse({});
  const groups = [...new Set(optionNames.map((name) => descriptions[name].group))];
  const sections = groups.map((group) => {
    const options = optionNames.filter((name) => descriptions[name].group === group);
    return `${group}:\n${options.map((name) => optionText(name, defaults)).join("\n")}`;
  });
  return `grpc-server keeps trace spans and serves them to Jaeger as its remote storage.

Usage: grpc-server [flags]

${sections.join("\n\n")}

Configuration:
  --config FILE
${indent}A YAML file of these options, the dots as nesting. \${NAME:-default} in its values
${indent}stands for an environment variable. Also SPANSTORE_CONFIG.
  --print-config
${indent}Print the effective configuration as such a file, and exit.
  --help, -h
${indent}Print this, and exit.
  --version
${indent}Print the version, and exit.

A flag goes before the environment, the environment before the file. In the environment an
option is called SPANSTORE_ and its name in upper case, with _ for dots and dashes:
--sqlite.path is SPANSTORE_SQLITE_PATH.

Examples:
  grpc-server --sqlite.path=/var/lib/spanstore/spans.sqlite --listen=0.0.0.0:17271
  grpc-server --backend=memory --allow-purge
  grpc-server --config=spanstore.yaml --log.level=debug
  SPANSTORE_LISTEN=:17271 grpc-server

Exit codes: 0 after SIGTERM or SIGINT, 1 when serving is not possible, 2 for wrong usage.
`;
}

/** The effective configuration as a file that `--config` takes. */
export function configText(config: Config): string {
  const nested: Record<string, unknown> = {};
  for (const option of optionNames) {
    const parts = option.split(".");
    const last = parts.pop() as string;
    let holder = nested;
    for (const part of parts) {
      holder[part] ??= {};
      holder = holder[part] as Record<string, unknown>;
    }
    holder[last] = escapeDollars(formatValue(option, config[option]));
  }
  return stringify(nested);
}

function escapeDollars(value: string | boolean): string | boolean {
  return typeof value === "string" ? value.replaceAll("$", "$$$$") : value;
}

function optionText(name: OptionName, defaults: Config): string {
  const { placeholder, help } = descriptions[name];
  const title = placeholder === "" ? `  --${name}` : `  --${name} ${placeholder}`;
  const value = formatValue(name, defaults[name]);
  const text = placeholder === "" ? help : `${help} Default: ${value}.`;
  return `${title}\n${wrapped(text)}`;
}

function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) as string;
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width - indent.length) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => indent + line).join("\n");
}
