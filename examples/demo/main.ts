import { parseArgs } from "node:util";
import { connect, ServerUnreachable } from "./client.js";
import { runDemo } from "./demo.js";

const usage = `Sends a small shop's traces to a running spanstore and prints what its searches find.

Usage: npm run demo -- [--endpoint=HOST:PORT]

  --endpoint  where the server listens for gRPC (default: 127.0.0.1:17271)`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let endpoint = "";
  try {
    const options = {
      endpoint: { type: "string", default: "127.0.0.1:17271" },
      help: { type: "boolean", default: false },
    } as const;
    const { values } = parseArgs({ args, options });
    if (values.help) {
      console.log(usage);
      return 0;
    }
    endpoint = values.endpoint;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }

  const client = connect(endpoint);
  try {
    await runDemo(client, (line) => console.log(line));
    return 0;
  } catch (error) {
    if (!(error instanceof ServerUnreachable)) throw error;
    console.error(`No server answers at ${endpoint} (${error.message}).`);
    console.error("Start one in another terminal with:  npm start");
    console.error("or name another one with:            npm run demo -- --endpoint=HOST:PORT");
    return 1;
  } finally {
    client.close();
  }
}
