import { sources, wrapped } from "@spanstore/grpc-server/program";
import type { Command, CommandArgument } from "../calling/command.js";
import { summaryOf } from "./list.js";

/** The text of `spanstore NAME --help`. */
export function commandHelp(command: Command): string {
  const { name, text, flags, examples } = command;
  const words = ["spanstore", name, "[flags]", ...command.arguments.map(argumentText)];
  const flagTexts = Object.entries(flags).map(([flag, { placeholder, help, repeated }]) => {
    const title = placeholder === "" ? `  --${flag}` : `  --${flag} ${placeholder}`;
    return `${title}\n${wrapped(repeated ? `${help} May be repeated.` : help)}`;
  });
  return `spanstore ${name}: ${summaryOf(name)}

Usage: ${words.join(" ")}

${text.map((paragraph) => wrapped(paragraph, "")).join("\n\n")}

Flags:
${flagTexts.join("\n")}

Configuration:
${wrapped("The store is the server's: --backend, --sqlite.path, --manticore.url and all the others, --config FILE, and the environment, as spanstore --help lists them.", "  ")}

${sources}

Examples:
${examples.map((line) => `  ${line}`).join("\n")}

Exit codes:
${exitCodes(command)}
`;
}

function exitCodes({ exitCodes = { 0: "it is done", 1: "it cannot be done" } }: Command): string {
  const lines = {
    ...exitCodes,
    2: "the command line, the environment or the configuration is wrong",
    130: "Ctrl-C ended it, or 143 SIGTERM",
  };
  return Object.entries(lines)
    .map(([code, text]) => `  ${code.padEnd(3)}  ${text}`)
    .join("\n");
}

function argumentText({ name, optional, repeated }: CommandArgument): string {
  const text = repeated ? `${name}...` : name;
  return optional ? `[${text}]` : text;
}
