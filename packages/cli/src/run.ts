import { type Environment, run as serve } from "@spanstore/grpc-server/program";
import { runCommand } from "./calling/run-command.js";
import { processStreams, type Streams } from "./calling/streams.js";
import { commandLines } from "./commands/list.js";

/**
 * Runs the server or the command that the first argument names, and returns the exit code.
 * @param streams for a command; the server uses those of the process.
 */
export function run(
  args: readonly string[],
  environment: Environment,
  streams: Streams = processStreams,
): Promise<number> {
  const [first = ""] = args;
  return first === "serve" || first === "" || first.startsWith("-")
    ? serve(args, environment, { program: "spanstore", commands: commandLines() })
    : runCommand(args, environment, streams);
}
