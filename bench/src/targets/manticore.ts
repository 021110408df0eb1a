import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, launch } from "./launch.js";
import { workspaceServer } from "./spanstore.js";
import type { Target } from "./target.js";

/** One process that has both for children, so that their processor time and memory are measured together. */
const both = `searchd --nodetach --config "$1" & engine=$!
shift
"$@" & server=$!
trap 'kill $server; wait $server; kill $engine; wait $engine; exit 0' TERM
wait $server`;

/** spanstore's server on a searchd of its own, from PATH. */
export function manticoreTarget(
  directory: string,
  extraArgs: readonly string[],
  main: string = workspaceServer(),
): Target {
  const home = join(directory, "spanstore-manticore");
  const data = join(home, "data");
  return {
    name: "spanstore-manticore",
    about:
      "spanstore on Manticore Search, processor time and memory of both together, disk after a merge into one chunk a table: committed and synced to disk before the acknowledgement",
    command: ["grpc-server", "--backend=manticore", ...extraArgs].join(" "),
    persistent: true,
    keepsBytes: true,
    async start() {
      mkdirSync(data, { recursive: true });
      const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
      const [address, admin, sql, http] = ports.map((port) => `127.0.0.1:${port}`) as [
        string,
        string,
        string,
        string,
      ];
      const config = join(home, "manticore.conf");
      writeFileSync(
        config,
        `searchd {
  listen = ${sql}:mysql
  listen = ${http}:http
  log = ${join(home, "searchd.log")}
  pid_file = ${join(home, "searchd.pid")}
  data_dir = ${data}
  binlog_flush = 1
  buddy_path =
}
`,
      );
      const server = [
        process.execPath,
        main,
        "--backend=manticore",
        `--manticore.url=mysql://${sql}`,
        `--listen=${address}`,
        `--admin=${admin}`,
        "--http.listen=none",
        ...extraArgs,
      ];
      const running = await launch("sh", ["-c", both, "sh", config, ...server], {
        address,
        logFile: join(home, "server.log"),
        dataDirectory: data,
      });
      return {
        ...running,
        async stop() {
          await merge(http);
          return running.stop();
        },
      };
    },
  };
}

/** Merges all tables of spans, as the other engines' data is merged before it is weighed. */
async function merge(http: string): Promise<void> {
  const ask = async (statement: string): Promise<string> => {
    const answer = await fetch(`http://${http}/sql?mode=raw`, {
      method: "POST",
      body: `query=${encodeURIComponent(statement)}`,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${statement}: ${text}`);
    return text;
  };
  const tables = new Set((await ask("SHOW TABLES")).match(/jaeger_(?:fragments|spans)_\w+/g));
  for (const table of tables) {
    await ask(`FLUSH RAMCHUNK ${table}`);
    await ask(`OPTIMIZE TABLE ${table} OPTION sync=1, cutoff=1`);
  }
}
