import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Kind = "minor" | "major";
type Collect = (options: { readonly type: Kind }) => void;

let collect: Collect | undefined;

function collector(): Collect {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as Collect;
  }
  return collect;
}

/** A stream of large buffers leaves this much behind before it is cleared away. */
const reclaimBytes = 8 * 1024 * 1024;

/**
 * Counts the bytes of buffers that a stream has passed on, and has V8 free them every few megabytes. V8
 * weighs its own heap, where such buffers are almost nothing, and would let a hundred megabytes of them
 * gather. For threads and processes that are ours: a library leaves its host's memory to the host.
 * @param kind `minor` frees what died young and costs a millisecond; `major` what was kept a while too,
 *   and costs in proportion to the heap.
 */
export function createReclaimer(kind: Kind): (passedBytes: number) => void {
  let bytes = 0;
  return (passedBytes) => {
    bytes += passedBytes;
    if (bytes < reclaimBytes) return;
    bytes = 0;
    collector()({ type: kind });
  };
}
