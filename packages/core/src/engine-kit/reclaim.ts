import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (minor?: { readonly type: "minor" }) => void;

let collect: Collect | undefined;

function collector(): Collect {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as Collect;
  }
  return collect;
}

/** A stream of large buffers leaves this much behind before it is cleared away. */
const reclaimBytes = 5 * 1024 * 1024;

/** Every so many collections one goes through the whole heap, for what a slow reader let grow old. */
const minorsPerMajor = 4;

/**
 * Counts the bytes of buffers that a stream has passed on, and has V8 free them every few megabytes. V8
 * weighs its own heap, where such buffers are almost nothing, and would let a hundred megabytes of them
 * gather. For threads and processes that are ours: a library leaves its host's memory to the host.
 * @param kind `minor` mostly frees what died young, which costs a millisecond; `major` always goes through the
 *   whole heap, which is right where that is small.
 */
export function createReclaimer(kind: "minor" | "major"): (passedBytes: number) => void {
  let bytes = 0;
  let minors = 0;
  return (passedBytes) => {
    bytes += passedBytes;
    if (bytes < reclaimBytes) return;
    bytes = 0;
    if (kind === "minor" && ++minors % minorsPerMajor !== 0) collector()({ type: "minor" });
    else collector()();
  };
}
