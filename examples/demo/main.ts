import { parseArgs } from "node:util";
import { connect, ServerUnreachable } from "./client.js";
import { runDemo } from "./demo.js";

const usage = `Sends a small shop's traces to a running spanstore and prints what its searches find.

Usage: npm run demo -- [--server=HOST:PORT]

  --server  where the server listens for gRPC (default: 127.0.0.1:17271)`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  let server = "";
  try {
    const options = {
      server: { type: "string", default: "127.0.0.1:17271" },
      help: { type: "boolean", default: false },
    } as const;
    const { values } = parseArgs({ args, options });
    if (values.help) {
      console.log(usage);
      return 0;
    }
    server = values.server;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }

  const client = connect(server);
  try {
    await runDemo(client, (line) => console.log(line));
    return 0;
  } catch (error) {
    if (!(error instanceof ServerUnreachable)) throw error;
    console.error(`No server answers at ${server} (${error.message}).`);
    console.error("Start one in another terminal with:  npm start");
    console.error("or name another one with:            npm run demo -- --server=HOST:PORT");
    return 1;
  } finally {
    client.close();
  }
}
