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

/** How many bytes of buffers gather before a collection. */
const reclaimBytes = 5 * 1024 * 1024;

/** Every fourth collection covers the whole heap, for buffers that grew old with a slow reader. */
const minorsPerMajor = 4;

/**
 * Counts the bytes of buffers that a stream has passed on, and collects garbage every few megabytes. V8 schedules
 * collections by its own heap, where such buffers weigh almost nothing, and would let a hundred megabytes of them gather.
 * Only for our own threads and processes: a library leaves its host's memory to the host.
 * @param kind `minor` mostly collects young objects, in about a millisecond; `major` always collects the whole heap, for
 *   threads with a small heap.
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
