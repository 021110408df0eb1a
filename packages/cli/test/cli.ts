import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { programEnvironment } from "../../../scripts/test-support/processes.js";
import { run } from "../src/run.js";

/** The built command. */
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  /** Standard error, a line each. */
  readonly errors: readonly string[];
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  /** The folder that relative paths start from. */
  readonly cwd?: string;
}

export interface ProgramOptions extends RunOptions {
  /** Node's own flags. */
  readonly node?: readonly string[];
  /** Called with the process once it runs. */
  readonly started?: (child: ChildProcess) => void;
}

const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** Runs a command in this process, one at a time where `cwd` is given. For what only a process has: {@link program}. */
export async function cli(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const output: Buffer[] = [];
  let errors = "";
  const streams = {
    input: Readable.from(options.input === undefined ? [] : [Buffer.from(options.input)]),
    output: new Writable({
      write(chunk: Buffer, _encoding, done) {
        output.push(chunk);
        done();
      },
    }),
    errors: {
      write: (text: string) => {
        errors += text;
      },
    },
  };
  const cwd = process.cwd();
  if (options.cwd !== undefined) process.chdir(options.cwd);
  try {
    const code = await run(args, { ...programEnvironment(), ...options.environment }, streams);
    return { code, output: Buffer.concat(output).toString(), errors: linesOf(errors) };
  } finally {
    process.chdir(cwd);
  }
}

/** Runs the built program to its end, for exit codes, signals, pipes and memory. */
export async function program(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [...(options.node ?? []), main, ...args], {
    env: { ...programEnvironment(), ...options.environment },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  options.started?.(child);
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  // A command that ends early closes its input.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output, errors: linesOf(errors) };
}
