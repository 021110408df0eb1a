import {
  type Config,
  configOf,
  configSchema,
  type Environment,
  readFlags,
  UsageError,
} from "@spanstore/grpc-server/program";
import type { Command } from "./command.js";

/** A parsed command line: a request for help, or a run of the command. */
export type ReadCall =
  | { readonly help: true }
  | {
      readonly help: false;
      readonly config: Config;
      readonly configProblems: readonly string[];
      readonly flags: Readonly<Record<string, unknown>>;
      readonly arguments: readonly string[];
      readonly warnings: readonly string[];
    };

/**
 * Reads a command's own flags and arguments and, beside them, the configuration of the server.
 * @throws UsageError with every problem found.
 */
export function readCall(command: Command, args: readonly string[], environment: Environment): ReadCall {
  const line = readFlags(args, command.flags);
  if (line.help) return { help: true };
  const problems = [...line.problems];
  if (line.version) problems.push("--version stands alone: spanstore --version");
  if (line.printConfig) problems.push("--print-config belongs to the server: spanstore serve --print-config");
  const flags: Record<string, unknown> = {};
  for (const [name, { schema, repeated }] of Object.entries(command.flags)) {
    const given = line.own.get(name);
    const result = schema.safeParse(repeated ? (given ?? []) : given?.at(-1));
    if (result.success) flags[name] = result.data;
    else problems.push(...result.error.issues.map((issue) => flagProblem(name, issue, given)));
  }
  problems.push(...argumentProblems(command, line.positionals));
  let config: Config | undefined;
  let configProblems: readonly string[] = [];
  let warnings: readonly string[] = [];
  try {
    ({ config, warnings } = configOf({ ...line, problems: [] }, environment));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (command.checksConfiguration) configProblems = error.problems;
    else problems.push(...error.problems);
  }
  if (problems.length > 0) throw new UsageError([...problems, ...configProblems]);
  return {
    help: false,
    config: config ?? configSchema.parse({}),
    configProblems,
    flags,
    arguments: line.positionals,
    warnings,
  };
}

/** The problem with a flag, with its value. */
function flagProblem(
  name: string,
  { message, path }: { readonly message: string; readonly path: readonly PropertyKey[] },
  given: readonly (string | true)[] | undefined,
): string {
  const value = typeof path[0] === "number" ? given?.[path[0]] : given?.at(-1);
  return `--${name}: ${message}${typeof value === "string" && !/\bempty\b/.test(message) ? `, not ${JSON.stringify(value)}` : ""}`;
}

function argumentProblems(command: Command, given: readonly string[]): string[] {
  const wanted = command.arguments;
  const missing = wanted
    .slice(given.length)
    .filter(({ optional }) => !optional)
    .map(({ name }) => `the argument ${name} is missing`);
  const surplus = wanted.at(-1)?.repeated ? [] : given.slice(wanted.length);
  return [...missing, ...surplus.map((word) => `unexpected argument ${JSON.stringify(word)}`)];
}
