import type { Config, Environment } from "@spanstore/grpc-server/program";
import { z } from "zod";
import type { Output } from "./output.js";
import type { Streams } from "./streams.js";

/** A flag that only one command has, beside the options of the configuration. */
export interface CommandFlag {
  /** The value's name in the help; empty for a switch. */
  readonly placeholder: string;
  readonly help: string;
  /** The flag may be repeated; its schema takes the list of its values. */
  readonly repeated?: boolean;
  /** Takes the flag's text, `true` for a switch, a list when `repeated`, or undefined when the flag is missing. */
  readonly schema: z.ZodType;
}

/** The schema of a switch: a flag without a value. */
export const onOff = z.literal(true, "takes no value").optional();

export type CommandFlags = Readonly<Record<string, CommandFlag>>;

export type FlagValues<Flags extends CommandFlags> = {
  readonly [Name in keyof Flags]: z.output<Flags[Name]["schema"]>;
};

/** An argument without dashes. */
export interface CommandArgument {
  readonly name: string;
  readonly optional?: boolean;
  /** The last argument may be repeated: once or more often. */
  readonly repeated?: boolean;
}

/** One run of a command, with its parsed command line. */
export interface CommandCall<Flags extends CommandFlags = CommandFlags> {
  /** The defaults when there are `configProblems`. */
  readonly config: Config;
  /** Problems of the configuration, for a command that checks it; none for the others. */
  readonly configProblems: readonly string[];
  /** Warnings about the configuration. */
  readonly warnings: readonly string[];
  readonly environment: Environment;
  readonly flags: FlagValues<Flags>;
  readonly arguments: readonly string[];
  /** Standard input. */
  readonly input: Streams["input"];
  readonly output: Output;
  /** Standard error; `complain` writes lines to it. */
  readonly errors: Streams["errors"];
  /** Fires at Ctrl-C, at SIGTERM, and when the reader of the output leaves. */
  readonly signal: AbortSignal;
  /** Writes a line to standard error. */
  readonly complain: (line: string) => void;
}

/** A command beside the server: `spanstore NAME`. */
export interface Command<Flags extends CommandFlags = CommandFlags> {
  readonly name: string;
  /** Paragraphs of its help, before the flags. */
  readonly text: readonly string[];
  readonly arguments: readonly CommandArgument[];
  readonly flags: Flags;
  /** The command runs with a wrong configuration too. */
  readonly checksConfiguration?: boolean;
  /** The meanings of 0 and 1. Default: "it is done", "it cannot be done". */
  readonly exitCodes?: { readonly 0: string; readonly 1: string };
  /** Complete command lines. */
  readonly examples: readonly string[];
  /**
   * Runs the command and resolves to its exit code. A UsageError becomes 2 and another error that a user can fix 1, each
   * with its text on standard error.
   */
  run(call: CommandCall<Flags>): Promise<number>;
}

/** Checks the types of a command's flags against its `run`, and forgets them so that all commands have one type. */
export function defineCommand<Flags extends CommandFlags>(command: Command<Flags>): Command {
  return command as unknown as Command;
}
