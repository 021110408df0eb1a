import { constants } from "node:os";
import { isSpanStoreError } from "@spanstore/core";
import { type Environment, helpText, hint, UsageError } from "@spanstore/grpc-server/program";
import { commandHelp } from "../commands/help.js";
import { commandLines, commandNames, loadCommand } from "../commands/list.js";
import type { Command, CommandCall } from "./command.js";
import { errorText } from "./error-text.js";
import { createOutput, OutputClosed } from "./output.js";
import { type ReadCall, readCall } from "./read-call.js";
import type { Streams } from "./streams.js";

const wrongUsage = 2;

/**
 * Runs the command that the first argument names, and returns its exit code: 1 when it fails, 2 for wrong usage, 128 plus
 * the signal's number after a signal.
 */
export async function runCommand(
  args: readonly string[],
  environment: Environment,
  { input, output: stdout, errors }: Streams,
): Promise<number> {
  const [name = "", ...rest] = args;
  const stopping = new AbortController();
  let signalled = 0;
  const stop = (signal: NodeJS.Signals): void => {
    const code = 128 + constants.signals[signal];
    if (signalled > 0) process.exit(code);
    signalled = code;
    stopping.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const output = createOutput(stdout, () => stopping.abort());
  const complain = (line: string): void => {
    errors.write(`spanstore: ${line}\n`);
  };
  const about = { environment, input, output, errors, signal: stopping.signal, complain };
  try {
    const code = await dispatch(name, rest, about);
    await output.end();
    return signalled || code;
  } catch (error) {
    if (signalled > 0) return signalled;
    if (error instanceof OutputClosed || stopping.signal.aborted) return 0;
    if (error instanceof UsageError) {
      for (const problem of error.problems) complain(problem);
      complain(`see spanstore ${commandNames.includes(name) ? `${name} ` : ""}--help`);
      return wrongUsage;
    }
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    complain(reason);
    return 1;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

async function dispatch(
  name: string,
  args: readonly string[],
  about: Omit<CommandCall, keyof Extract<ReadCall, { readonly help: false }>>,
): Promise<number> {
  const { environment, output, complain } = about;
  if (name === "help") {
    const [asked] = args;
    await output.write(
      asked === undefined ? helpText("spanstore", commandLines()) : commandHelp(await named(asked)),
    );
    return 0;
  }
  const command = await named(name);
  const read = readCall(command, args, environment);
  if (read.help) {
    await output.write(commandHelp(command));
    return 0;
  }
  if (!command.checksConfiguration) for (const warning of read.warnings) complain(warning);
  return command.run({ ...read, ...about });
}

async function named(name: string): Promise<Command> {
  const command = await loadCommand(name);
  if (command !== undefined) return command;
  const known = [...commandNames, "serve", "help"];
  throw new UsageError([`there is no command ${JSON.stringify(name)}${hint(name, known)}`]);
}

/** The text of an error that a user can fix; undefined for a defect. */
function reasonOf(error: unknown): string | undefined {
  if (isSpanStoreError(error)) {
    if (error.code === "INTERNAL") return undefined;
    return errorText(error);
  }
  // For example a missing file, or a full disk.
  if (error instanceof Error && "syscall" in error) return error.message;
  return undefined;
}
