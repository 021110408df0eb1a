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
  /** Reads Jaeger 1's archive, `jaeger-span-archive`, in place of the other indices. */
  readonly archive?: boolean | undefined;
  /** Other indices, aliases or patterns, separated by commas, in place of Jaeger's usual ones. */
  readonly index?: string | undefined;
  /** Documents a page; 1000 by default. */
  readonly pageSize?: number | undefined;
}

const largestPage = 10_000;

/** A pattern for Elasticsearch, and the test for the indices behind it that count. */
export interface IndexChoice {
  readonly pattern: string;
  readonly isMeant: (index: string) => boolean;
}

/**
 * The indices of spans in every layout of Jaeger: by day or hour, behind the aliases of a rollover (manual or by ILM), or as a
 * data stream.
 */
export function chooseIndices({ prefix = "", archive = false, index }: JaegerIndicesOptions): IndexChoice {
  if (index !== undefined) {
    if (index === "" || /[\s/?#]/.test(index)) throw invalidOption("index", "is no name of indices");
    return { pattern: index, isMeant: () => true };
  }
  if (!/^[^\s,/?#*\\<>|"A-Z]*$/.test(prefix))
    throw invalidOption("prefix", "is no beginning of an index name");
  const dashed = prefix === "" || prefix.endsWith("-") ? prefix : `${prefix}-`;
  // Jaeger drops the separator between its prefix and the name of a data stream.
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
