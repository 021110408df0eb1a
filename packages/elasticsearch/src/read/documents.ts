import { createHash } from "node:crypto";
import type { TraceFragment } from "@spanstore/core/engine";
import { wordsOf } from "../terms/terms.js";
import { micros } from "../terms/times.js";
import { type Dictionary, pack } from "./pack.js";

/** A document to be created or replaced, but for the number of its write. */
export interface NewDocument {
  readonly index: string;
  readonly id: string;
  /** `create`: one that is there already is the same. `index`: it takes the place of one that is there. */
  readonly op: "create" | "index";
  /** JSON, of which a fragment's begins behind its sequence. */
  readonly json: string;
  readonly kind: "fragment" | "name" | "dictionary";
}

/** 120 bits: nobody makes two contents of one id by chance, and few bytes a document. */
const idBytes = 15;

/** What has the same bytes has the same id. */
function contentId(encoded: Uint8Array): string {
  return createHash("sha256").update(encoded).digest().toString("base64url", 0, idBytes);
}

/** @param dictionary that its spans are compressed with. */
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

/** The two lines of a document in a bulk request. */
export function linesOf({ index, id, op, json, kind }: NewDocument, sequence: number): string {
  const action = `{"${op}":{"_index":"${index}","_id":"${id}"}}\n`;
  return kind === "fragment" ? `${action}{"sequence":${sequence},${json}\n` : `${action}${json}\n`;
}

/** What a name is told apart by, since it may be longer than any index takes. */
export function nameHash(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest().toString("base64url", 0, idBytes);
}
