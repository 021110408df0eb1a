import { invalidOption, wholeNumberOption } from "@spanstore/core/engine";
import type { ElasticsearchOptions } from "../options.js";

export interface JaegerIndicesOptions
  extends Pick<
    ElasticsearchOptions,
    | "url"
    | "username"
    | "password"
    | "apiKey"
    | "ca"
    | "caFingerprint"
    | "compression"
    | "retryMillis"
    | "timeoutMillis"
  > {
  /** Jaeger's `index_prefix` (`--es.index-prefix`); none by default. */
  readonly prefix?: string | undefined;
  /** The indices of Jaeger 1's archive, `jaeger-span-archive`, in place of the others. */
  readonly archive?: boolean | undefined;
  /** Indices, aliases or patterns of other names, with commas between, in place of Jaeger's usual ones. */
  readonly index?: string | undefined;
  /** Documents that are asked for at once; 1000 by default. */
  readonly pageSize?: number | undefined;
}

const largestPage = 10_000;

/** What is asked of Elasticsearch: a pattern, and which of the indices behind it are meant. */
export interface IndexChoice {
  readonly pattern: string;
  readonly isMeant: (index: string) => boolean;
}

/**
 * The indices of spans, whichever way Jaeger makes them: by day or hour, behind the aliases of a rollover (manual or by
 * ILM), or as a data stream.
 */
export function chooseIndices({ prefix = "", archive = false, index }: JaegerIndicesOptions): IndexChoice {
  if (index !== undefined) {
    if (index === "" || /[\s/?#]/.test(index)) throw invalidOption("index", "is no name of indices");
    return { pattern: index, isMeant: () => true };
  }
  if (!/^[^\s,/?#*\\<>|"A-Z]*$/.test(prefix))
    throw invalidOption("prefix", "is no beginning of an index name");
  const dashed = prefix === "" || prefix.endsWith("-") ? prefix : `${prefix}-`;
  // Jaeger drops what stands between its prefix and the name of a data stream.
  const dotted = prefix === "" ? "" : `${prefix.replace(/[-.]+$/, "")}.`;
  const archiveName = `${dashed}jaeger-span-archive`;
  if (archive) return { pattern: `${archiveName}*`, isMeant: () => true };
  return {
    pattern: `${dashed}jaeger-span-*,${dotted}jaeger.spans`,
    isMeant: (name) => !name.startsWith(archiveName),
  };
}

export function checkPageSize({ pageSize = 1_000 }: JaegerIndicesOptions): number {
  return wholeNumberOption("pageSize", pageSize, 1, largestPage);
}
