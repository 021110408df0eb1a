import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { setLogger } from "@grpc/grpc-js";
import { isSpanStoreError } from "@spanstore/core";
import type { Logger } from "pino";
import type { Environment } from "./config/environment.js";
import { configText, helpText } from "./config/help.js";
import { type Invocation, loadConfig } from "./config/load.js";
import { type Config, formatValue } from "./config/options.js";
import { UsageError } from "./config/usage-error.js";
import { ListenError } from "./listen.js";
import { createLog } from "./log.js";
import { openStore } from "./open-store.js";
import { startServer } from "./server.js";
import type { TenancyOptions } from "./tenancy.js";

/** Runs the command and returns its exit code: 0, 1 when serving is not possible, 2 for wrong usage. */
export async function run(args: readonly string[], environment: Environment): Promise<number> {
  let invocation: Invocation;
  try {
    invocation = loadConfig(args, environment);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    for (const problem of error.problems) complain(problem);
    complain("see grpc-server --help");
    return 2;
  }
  switch (invocation.action) {
    case "help":
      process.stdout.write(helpText());
      return 0;
    case "version":
      process.stdout.write(`grpc-server ${version()}\n`);
      return 0;
    case "print-config":
      process.stdout.write(configText(invocation.config));
      return 0;
    case "serve":
      return serve(invocation);
  }
}

async function serve({ config, warnings }: Invocation): Promise<number> {
  const log = createLog(config["log.level"]);
  setLogger({ error: (...words: unknown[]) => log.debug({ from: "grpc-js" }, words.join(" ")) });
  const fatal = (error: unknown) => {
    log.fatal({ err: error }, "an error that nothing caught");
    process.exit(1);
  };
  process.on("uncaughtException", fatal);
  process.on("unhandledRejection", fatal);
  for (const warning of warnings) log.warn(warning);
  const stop = stopSignal(log);
  try {
    await serveUntil(stop, config, log);
    return 0;
  } catch (error) {
    const reason = startFailure(error, config);
    if (reason === undefined) throw error;
    complain(reason);
    return 1;
  }
}

async function serveUntil(stop: Promise<void>, config: Config, log: Logger): Promise<void> {
  const store = await openStore(config, "main", (message) => log.warn(message));
  try {
    const server = await startServer({
      store,
      listen: config.listen,
      openArchive: () => openStore(config, "archive"),
      ...(config["archive.listen"] === "none" ? {} : { archiveListen: config["archive.listen"] }),
      declareStreaming: config["storage-v1.declare-streaming"],
      ...(config["tenancy.enabled"] ? { tenancy: tenancyOf(config) } : {}),
      admin: config.admin,
      allowPurge: config["allow-purge"],
      maxReceiveMessageBytes: config["grpc.max-receive-message-bytes"],
      maxWaitingBytes: config["limits.waiting-bytes"],
      shutdownGraceMs: config["shutdown.grace"],
      logger: log,
      processMetrics: true,
    });
    log.info(
      {
        version: version(),
        backend: store.engine,
        grpc: server.address,
        archive: server.archiveAddress,
        admin: server.adminAddress,
      },
      "serving",
    );
    await stop;
    await server.close();
  } finally {
    await store.close();
  }
  log.info("stopped");
}

function tenancyOf(config: Config): TenancyOptions {
  return {
    header: config["tenancy.header"],
    tenants: config["tenancy.tenants"],
    required: config["tenancy.required"],
  };
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process at once. */
function stopSignal(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (signal: NodeJS.Signals) => {
      if (stopping) process.exit(128 + constants.signals[signal]);
      stopping = true;
      log.info({ signal }, "stopping: waiting for calls in flight");
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
}

/** Why serving was not possible, or undefined when the error is none that a user can mend. */
function startFailure(error: unknown, config: Config): string | undefined {
  if (error instanceof ListenError) return error.message;
  if (!isSpanStoreError(error) || error.code === "INTERNAL") return undefined;
  const text = `cannot open the ${config.backend} store${placeOf(config)}: ${error.message}`;
  return error.hint === undefined ? text : `${text} (${error.hint})`;
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

function complain(problem: string): void {
  process.stderr.write(`grpc-server: ${problem}\n`);
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}
