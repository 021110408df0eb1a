import { type Environment, run as serve } from "@spanstore/grpc-server/program";
import { runCommand } from "./calling/run-command.js";
import { commandLines } from "./commands/list.js";

/** Runs the server or the command that the first argument names, and returns the exit code. */
export function run(args: readonly string[], environment: Environment): Promise<number> {
  const [first = ""] = args;
  return first === "serve" || first === "" || first.startsWith("-")
    ? serve(args, environment, { program: "spanstore", commands: commandLines() })
    : runCommand(args, environment);
}
