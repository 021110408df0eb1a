import { createHash } from "node:crypto";
import type { TraceFragment } from "@spanstore/core/engine";
import { wordsOf } from "../terms/terms.js";
import { micros } from "../terms/times.js";
import { type Dictionary, pack } from "./pack.js";

/** A document to create or replace, without the number of its write. */
export interface NewDocument {
  readonly index: string;
  readonly id: string;
  /** `create`: an existing document is the same and stays. `index`: replaces an existing document. */
  readonly op: "create" | "index";
  /** JSON; for a fragment the part after its sequence. */
  readonly json: string;
  readonly kind: "fragment" | "name" | "dictionary";
}

/** 120 bits: collisions do not happen by chance, and ids stay short. */
const idBytes = 15;

/** The id of a fragment: a hash of its bytes. */
function contentId(encoded: Uint8Array): string {
  return createHash("sha256").update(encoded).digest().toString("base64url", 0, idBytes);
}

/** @param dictionary compresses the spans. */
export function fragmentDocument(
  index: string,
  fragment: TraceFragment,
  dictionary: Dictionary | undefined,
): NewDocument {
  const { encoded, traceId, terms } = fragment;
  return {
    index,
    id: contentId(encoded),
    op: "create",
    kind: "fragment",
    json:
      `"newest":${micros(fragment.newestStartUnixNano)},"oldest":${micros(fragment.oldestStartUnixNano)},` +
      `"trace_id":"${Buffer.from(traceId).toString("hex")}","terms":"${wordsOf(terms)}",` +
      `"encoded":"${pack(encoded, dictionary).toString("base64")}"}`,
  };
}

/** The two lines that write a document in a bulk request. */
export function linesOf({ index, id, op, json, kind }: NewDocument, sequence: number): string {
  const action = `{"${op}":{"_index":"${index}","_id":"${id}"}}\n`;
  return kind === "fragment" ? `${action}{"sequence":${sequence},${json}\n` : `${action}${json}\n`;
}

/** A hash that stands for a name, since a name may be longer than an id may be. */
export function nameHash(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest().toString("base64url", 0, idBytes);
}
