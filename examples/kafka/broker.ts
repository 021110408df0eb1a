import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocatedPeer } from "../../scripts/peers/locate.mjs";
import { freePorts, type RunningProgram, startProgram, until } from "../../scripts/test-support/processes.js";

export interface Broker extends AsyncDisposable {
  /** HOST:PORT. */
  readonly address: string;
}

/** It runs for a minute: what the compiler would gain later is not worth the time. */
const quickStart = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/** Starts a Kafka with server.properties, in a folder of its own and at other ports. */
export async function startBroker(located: LocatedPeer): Promise<Broker> {
  if (!("command" in located)) throw new Error("Kafka is started by the test: name a program, no address");
  const [java, ...classpath] = located.command;
  const folder = mkdtempSync(join(tmpdir(), "spanstore-kafka-"));
  const [port, controller] = (await freePorts(2)) as [number, number];
  const config = join(folder, "server.properties");
  const text = readFileSync(new URL("server.properties", import.meta.url), "utf8");
  writeFileSync(
    config,
    text
      .replaceAll(":9092", `:${port}`)
      .replaceAll(":9093", `:${controller}`)
      .replace("=kafka-data", `=${join(folder, "kafka-data")}`),
  );
  // The class that the scripts of its distribution call.
  const run = (main: string, ...args: string[]) =>
    startProgram([java, ...quickStart, ...classpath, main], [...args, config]);
  // A random one may begin with a dash, which the tool takes for an option.
  const clusterId = "spanstore-kafka-test-1";
  const format = run(
    "kafka.tools.StorageTool",
    "format",
    "--standalone",
    "--cluster-id",
    clusterId,
    "--config",
  );
  const [code] = await once(format.process, "exit");
  if (code !== 0) throw new Error(format.output());
  const broker = run("kafka.Kafka");
  const result: Broker = {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await broker.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await untilItListens(port, broker);
  } catch (error) {
    await result[Symbol.asyncDispose]();
    throw error;
  }
  return result;
}

async function untilItListens(port: number, program: RunningProgram): Promise<void> {
  await until(
    async () => {
      if (program.process.exitCode !== null) throw new Error("it has ended");
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      socket.destroy();
      return true;
    },
    { what: "Kafka", timeoutMs: 240_000, output: program.output },
  );
}
