import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const startMs = 30_000;

/** Runs a server, calls the task with the addresses that it says it serves at, and ends it: it ends with 0. */
export async function serving({ place, node }, args, task) {
  const child = spawn(node.program, args, { cwd: place, stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal)));
  let output = "";
  const addresses = new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${args[0]} ${why}:\n${output}`));
    const timer = setTimeout(() => fail("does not serve"), startMs);
    void ended.then((end) => fail(`ended with ${end}`));
    createInterface(child.stderr).on("line", (line) => {
      output += `${line}\n`;
      if (!line.includes('"serving"')) return;
      clearTimeout(timer);
      resolve(JSON.parse(line));
    });
  });
  try {
    await task(await addresses);
  } finally {
    child.kill("SIGTERM");
  }
  const end = await ended;
  // Windows has no signals: what is sent one ends at once.
  if (end !== 0 && process.platform !== "win32") throw new Error(`${args[0]} ended with ${end}:\n${output}`);
}
