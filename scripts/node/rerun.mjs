import { spawn } from "node:child_process";
import { exitCode } from "../run.mjs";
import { forwardSignals } from "../signals.mjs";
import { environmentOf, nodeOfMajor } from "./install.mjs";

/** The oldest Node that the workspace's tools run on. */
const oldest = [22, 12];
const wanted = 24;

/**
 * Runs the task when this Node is new enough for it. Else runs the whole program again on a newer Node, which
 * npm's registry has, and lets the programs that it starts find that one, too.
 * @returns the exit code
 */
export async function onNewEnoughNode(task) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return task();
  const why = `Node ${process.versions.node} is older than ${oldest.join(".")}`;
  try {
    const { version, program } = await nodeOfMajor(wanted);
    console.error(`spanstore: ${why}; using npm's Node ${version}`);
    return await again(program);
  } catch (error) {
    console.error(`spanstore: ${why}, and npm's registry gave no Node ${wanted}: ${error.message}`);
    return 1;
  }
}

/** Runs this program on another Node, which handles the signals. */
function again(node) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, process.argv.slice(1), { stdio: "inherit", env: environmentOf(node) });
    forwardSignals((signal) => child.kill(signal));
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(exitCode(code, signal)));
  });
}
