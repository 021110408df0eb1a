import { SpanStoreError } from "../errors/errors.js";

const oldestNode = [22, 12] as const;

/** The message that this Node.js is too old; undefined when it is new enough. */
export function unsupportedNode(): string | undefined {
  const { node } = process.versions;
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `Node.js ${node} is too old: spanstore needs ${oldestNode.join(".")} or newer`;
}

/** @throws DRIVER_UNAVAILABLE on a Node.js that is too old: a native driver could crash the process there. */
export function checkNode(): void {
  const problem = unsupportedNode();
  if (problem === undefined) return;
  throw new SpanStoreError("DRIVER_UNAVAILABLE", problem, { hint: "run the program on a newer Node.js" });
}
