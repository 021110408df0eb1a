import type { Duration } from "../wire/times.js";

const nanosPerSecond = 1_000_000_000n;
/** The bound of protobuf's Duration, 10,000 years, which is longer than any span. */
const longest = 315_576_000_000n * nanosPerSecond;

/** A length of time as protobuf has it; one beyond its bounds becomes the bound. */
export function protoDuration(nanos: bigint | undefined): Duration | undefined {
  if (nanos === undefined) return undefined;
  const bounded = nanos > longest ? longest : nanos < -longest ? -longest : nanos;
  return { seconds: String(bounded / nanosPerSecond), nanos: Number(bounded % nanosPerSecond) };
}
