import {
  isSpanStoreError,
  type SearchCapabilities,
  type SpanQuery,
  SpanStoreError,
  type TraceQuery,
} from "@spanstore/core";
import { createAnswerDecoder, searchCapabilities } from "../reads/answers.js";
import type { Channel } from "./channel.js";

type Signal = AbortSignal | undefined;

export interface RemoteCapabilities {
  /** Asks the server. One without this call, such as an older Jaeger, counts as having the fewest capabilities. */
  ask(signal: Signal): Promise<SearchCapabilities>;
  /**
   * Refuses parts of a query that the server does not declare: a server ignores unknown fields, and would answer another
   * query.
   * @throws UNSUPPORTED or UNSUPPORTED_FILTER naming the part.
   */
  demand(query: Pick<TraceQuery & SpanQuery, "filter" | "page" | "orderBy">, signal: Signal): Promise<void>;
}

export function createRemoteCapabilities(channel: Channel): RemoteCapabilities {
  const answers = createAnswerDecoder();
  let known: SearchCapabilities | undefined;

  const ask = async (signal: Signal): Promise<SearchCapabilities> => {
    try {
      const method = "/jaeger.storage.v2.Capabilities/GetCapabilities";
      known = answers.capabilities(await channel.unary(method, new Uint8Array(0), signal));
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      known = searchCapabilities();
    }
    return known;
  };

  return {
    ask,
    async demand({ filter, page, orderBy = [] }, signal) {
      if (filter === undefined && page === undefined && orderBy.length === 0) return;
      const { filter: filters, paginated, spanSorting } = known ?? (await ask(signal));
      if (filter !== undefined && filters.operators.length === 0) {
        throw new SpanStoreError("UNSUPPORTED_FILTER", "the server declares no structured filters", {
          field: "filter",
          hint: "use the classic parts of a query",
        });
      }
      if (page !== undefined && !paginated) {
        throw new SpanStoreError("UNSUPPORTED", "the server declares no pages", {
          field: "page",
          hint: "use limit",
        });
      }
      if (orderBy.length > 0 && !spanSorting) {
        throw new SpanStoreError("UNSUPPORTED", "the server declares no sorting of spans", {
          field: "orderBy",
        });
      }
    },
  };
}

/** Whether the server, or a proxy before it, does not implement the call. */
export function isUnsupported(error: unknown): boolean {
  return isSpanStoreError(error) && error.code === "UNSUPPORTED";
}
