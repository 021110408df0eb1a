import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { help, type Options, readOptions } from "./options.js";
import { reportOf } from "./report/report.js";
import { faultsOf, run } from "./run.js";

function optionsOrExit(argv: readonly string[]): Options | undefined {
  try {
    return readOptions(argv);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    process.exit(2);
  }
}

const argv = process.argv.slice(2);
const options = optionsOrExit(argv);
if (options === undefined) {
  process.stdout.write(help);
} else {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  const directory = mkdtempSync(join(options.directory ?? tmpdir(), "spanstore-bench-"));
  process.once("exit", () => {
    if (!options.keep) rmSync(directory, { recursive: true, force: true });
  });
  const results = await run(options, directory, (line) => process.stderr.write(`${line}\n`));
  const report = reportOf(results, options, argv);
  process.stdout.write(report);
  if (options.out !== undefined) {
    const file = resolve(process.env.INIT_CWD ?? process.cwd(), options.out);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, report);
  }
  const failed = results.some((result) =>
    result.ours ? faultsOf(result).length > 0 : result.failure !== undefined,
  );
  if (failed) process.exitCode = 1;
}
