import type { TracesData } from "../model/trace.js";
import { encodeTraces } from "../otlp/encode.js";
import { invalidText } from "./arbitrary-data.js";

const marker = Buffer.from(invalidText, "utf8");

/**
 * Encodes a request of a case. `invalidText` becomes bytes of the same length that are not UTF-8, which the model cannot
 * express.
 */
export function encodeRequest(traces: TracesData): Uint8Array {
  const encoded = Buffer.from(encodeTraces(traces));
  for (let at = encoded.indexOf(marker); at >= 0; at = encoded.indexOf(marker, at))
    encoded.fill(0xff, at, at + 4);
  return encoded;
}
