import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { setLogger } from "@grpc/grpc-js";
import { isSpanStoreError, type SpanStore, type SpanStoreError } from "@spanstore/core";
import { ListenError } from "@spanstore/rpc";
import type { Logger } from "pino";
import type { Environment } from "./config/environment.js";
import { exposureOf } from "./config/exposure.js";
import { formatValue } from "./config/format-value.js";
import { configText, helpText } from "./config/help/help.js";
import { type Invocation, loadConfig } from "./config/load.js";
import type { Config } from "./config/options.js";
import { serveOptions } from "./config/serve-options.js";
import { UsageError } from "./config/usage-error.js";
import { diagnoseBackend } from "./engines/diagnose.js";
import { openStore } from "./engines/open-store.js";
import { greeting } from "./greeting.js";
import { startServer } from "./server.js";
import { createLog } from "./upkeep/log.js";

/** Options for a program that contains the server. */
export interface RunOptions {
  /** The program's name in its messages. Default: grpc-server. */
  readonly program?: string;
  /** Lines of the help that list the program's commands. Default: none. */
  readonly commands?: string;
}

/**
 * Runs the server and returns the exit code: 0 after serving, 1 when it cannot serve, 2 for wrong usage.
 * @param args the flags that `--help` lists.
 */
export async function run(
  args: readonly string[],
  environment: Environment,
  { program = "grpc-server", commands }: RunOptions = {},
): Promise<number> {
  const complain = (problem: string) => process.stderr.write(`${program}: ${problem}\n`);
  let invocation: Invocation;
  try {
    invocation = loadConfig(serverFlags(args, program), environment);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    for (const problem of error.problems) complain(problem);
    complain(`see ${program} --help`);
    return 2;
  }
  switch (invocation.action) {
    case "help":
      process.stdout.write(helpText(program, commands));
      return 0;
    case "version":
      process.stdout.write(`${program} ${version()}\n`);
      return 0;
    case "print-config":
      process.stdout.write(configText(invocation.config));
      return 0;
    case "serve":
      return serve(invocation, program, complain);
  }
}

/** Removes the word `serve`. @throws UsageError for another command. */
function serverFlags(args: readonly string[], program: string): readonly string[] {
  const [first = ""] = args;
  if (first === "serve") return args.slice(1);
  if (first === "" || first.startsWith("-")) return args;
  throw new UsageError([
    `${program} only serves: for commands install @spanstore/cli, then run spanstore ${first}`,
  ]);
}

async function serve(
  { config, warnings }: Invocation,
  program: string,
  complain: (problem: string) => void,
): Promise<number> {
  const log = createLog(config["log.level"]);
  setLogger({ error: (...words: unknown[]) => log.debug({ from: "grpc-js" }, words.join(" ")) });
  const fatal = (error: unknown) => {
    log.fatal({ err: error }, "an error that nothing caught");
    process.exit(1);
  };
  process.on("uncaughtException", fatal);
  process.on("unhandledRejection", fatal);
  for (const warning of warnings) log.warn(warning);
  const exposure = exposureOf(config);
  if (exposure !== undefined) log.warn(`${exposure.text}: ${exposure.advice}`);
  const signals = watchSignals(log);
  try {
    await serveUntil(signals, config, program, log);
    return 0;
  } catch (error) {
    const reason = startFailure(error, config);
    if (reason === undefined) throw error;
    complain(reason);
    return 1;
  }
}

async function serveUntil(signals: Signals, config: Config, program: string, log: Logger): Promise<void> {
  const options = serveOptions(config);
  const store = await openStore(config, "main", (message) => log.warn(message));
  try {
    await checkCanServe(store);
    const server = await startServer({
      ...options,
      store,
      openArchive: () => openStore(config, "archive"),
      logger: log,
      processMetrics: true,
      version: version(),
      diagnose: () => diagnoseBackend(config, "main", true),
    });
    if (process.stderr.isTTY && log.isLevelEnabled("info")) {
      const place = `${store.engine}${placeOf(config)}`;
      const secure = options.tls !== undefined;
      process.stderr.write(greeting({ program, version: version(), place, server, secure }));
    } else {
      log.info(
        {
          version: version(),
          backend: store.engine,
          grpc: server.address,
          archive: server.archiveAddress,
          http: server.httpAddress,
          allInOne: server.allInOne,
          admin: server.adminAddress,
        },
        "serving",
      );
    }
    signals.onReload(server.reload);
    await signals.stop;
    await server.close();
  } finally {
    await store.close();
  }
  log.info("stopped");
}

/** The server starts while its backend is down. Any other fault of the store must be fixed first. */
async function checkCanServe(store: SpanStore): Promise<void> {
  try {
    await store.health();
  } catch (error) {
    if (isSpanStoreError(error) && error.code === "STORE_UNAVAILABLE" && error.field === undefined) return;
    throw error;
  }
}

interface Signals {
  /** Resolves at the first SIGTERM or SIGINT; the second ends the process at once. */
  readonly stop: Promise<void>;
  /** Sets the function that SIGHUP calls; until then SIGHUP is ignored. */
  readonly onReload: (reload: () => Promise<void>) => void;
}

function watchSignals(log: Logger): Signals {
  let reload: (() => Promise<void>) | undefined;
  process.on("SIGHUP", (signal) => {
    log.info(
      { signal },
      "reading certificates, tokens and watches again, opening the file of dead letters again",
    );
    void reload?.();
  });
  const stop = new Promise<void>((resolve) => {
    let stopping = false;
    const end = (signal: NodeJS.Signals) => {
      if (stopping) process.exit(128 + constants.signals[signal]);
      stopping = true;
      log.info({ signal }, "stopping: waiting for calls in flight");
      resolve();
    };
    process.on("SIGTERM", end);
    process.on("SIGINT", end);
  });
  return {
    stop,
    onReload: (listener) => {
      reload = listener;
    },
  };
}

/** Why the server could not start; undefined for an error that a user cannot fix. */
function startFailure(error: unknown, config: Config): string | undefined {
  if (error instanceof ListenError) return error.message;
  if (!isSpanStoreError(error) || error.code === "INTERNAL") return undefined;
  if (ownFields.test(error.field ?? "")) return `${error.field}: ${error.message}${hintOf(error)}`;
  const text = `cannot open the ${config.backend} store${placeOf(config)}: ${error.message}`;
  return `${text}${hintOf(error)}`;
}

/** The fields of the server's own errors; others belong to the store. */
const ownFields = /^(?:tls|auth|dead-letters|watch)\b/;

function hintOf({ hint }: SpanStoreError): string {
  return hint === undefined ? "" : ` (${hint})`;
}

function placeOf(config: Config): string {
  switch (config.backend) {
    case "sqlite":
      return ` at ${config["sqlite.path"]}`;
    case "manticore":
      return ` at ${formatValue("manticore.url", config["manticore.url"])}`;
    case "elasticsearch":
      return ` at ${formatValue("elasticsearch.url", config["elasticsearch.url"])}`;
    case "memory":
      return "";
  }
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}
