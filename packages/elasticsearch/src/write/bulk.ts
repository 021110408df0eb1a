import { SpanStoreError } from "@spanstore/core";
import { createBackoff } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import { errorFor, failureOf, failureOfReason, type Reason } from "../connection/errors.js";

/** One action of a bulk request, as lines. */
export interface Action {
  readonly lines: string;
}

/** Undefined when the action is done, or the reason why it can never be. */
export type Outcome = Reason | undefined;

interface BulkAnswer {
  readonly errors: boolean;
  readonly items?: readonly Readonly<Record<string, Item>>[];
}

interface Item {
  readonly status: number;
  readonly _seq_no?: number;
  readonly error?: {
    readonly type?: string;
    readonly reason?: string;
    readonly caused_by?: { readonly reason?: string };
  };
}

/** The size of a request unless a single document is larger; Elasticsearch accepts 100 MB. */
export const maxBulkBytes = 8 * 1024 * 1024;
/** How long an action waits for a missing shard before it fails. */
const shardTimeout = "5s";
const firstPauseMillis = 50;
const longestPauseMillis = 2_000;

export interface BulkOptions {
  readonly retryMillis: number;
  readonly doing: string;
  /** Whether a conflict fails the action. By default it means success: the document that the action would create exists. */
  readonly conflictIsFailure?: boolean;
  /** Called with an action that was the first on its shard: its index is new. */
  readonly onFirstOfShard?: (action: number) => void;
}

/**
 * Sends actions in requests of bounded size, and retries those that may pass later. When it resolves, every action is durable
 * except those whose outcome says why they can never be.
 * @throws when an action failed that may pass later. Sending all of them again is safe.
 */
export async function sendBulk(
  client: Client,
  actions: readonly Action[],
  options: BulkOptions,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = new Array(actions.length).fill(undefined);
  const { mayTryAgain, wait } = createBackoff({
    firstMillis: firstPauseMillis,
    longestMillis: longestPauseMillis,
    forMillis: options.retryMillis,
    began: performance.now(),
  });
  let left = actions.map((_, i) => i);
  for (;;) {
    const again: number[] = [];
    let last: Reason | undefined;
    for (const part of inRequests(actions, left)) {
      await sendPart(client, actions, part, options, (i, reason) => {
        if (reason.status === 409) {
          if (options.conflictIsFailure === true) outcomes[i] = reason;
          return;
        }
        if (failureOfReason(reason) === "refused" || failureOfReason(reason) === "too large") {
          outcomes[i] = reason;
        } else {
          again.push(i);
          last = reason;
        }
      });
    }
    if (last === undefined) return outcomes;
    const failure = failureOfReason(last);
    const passes = failure === "busy" || failure === "unreachable" || failure === "no index";
    if (!passes || !mayTryAgain()) {
      const told = `${options.doing}: ${last.type}: ${last.reason}`;
      throw errorFor(failure, told, last.reason);
    }
    await wait();
    left = again;
  }
}

/** Sends a part of the actions, in halves when the request is too large. */
async function sendPart(
  client: Client,
  actions: readonly Action[],
  part: readonly number[],
  options: BulkOptions,
  failed: (index: number, reason: Reason) => void,
): Promise<void> {
  const { doing, onFirstOfShard } = options;
  let answer: BulkAnswer;
  try {
    answer = await client.request<BulkAnswer>(
      {
        method: "POST",
        path: "/_bulk",
        query: {
          timeout: shardTimeout,
          filter_path:
            "errors,items.*.status,items.*._seq_no,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason",
        },
        lines: part.map((i) => (actions[i] as Action).lines).join(""),
      },
      { doing, expects: ["too large"] },
    );
  } catch (error) {
    if (failureOf(error) !== "too large") throw error;
    if (part.length === 1) {
      failed(part[0] as number, {
        status: 413,
        type: "too_large",
        reason: "larger than http.max_content_length",
      });
      return;
    }
    const middle = part.length >> 1;
    for (const half of [part.slice(0, middle), part.slice(middle)]) {
      await sendPart(client, actions, half, options, failed);
    }
    return;
  }
  if (!answer.errors && onFirstOfShard === undefined) return;
  const items = answer.items ?? [];
  if (items.length !== part.length)
    throw new SpanStoreError(
      "INTERNAL",
      `${doing}: the answer has ${items.length} of ${part.length} documents`,
    );
  items.forEach((entry, at) => {
    const item = Object.values(entry)[0];
    if (item === undefined) return;
    if (item._seq_no === 0) onFirstOfShard?.(part[at] as number);
    if (item.status < 300) return;
    const { type = "", reason = "", caused_by } = item.error ?? {};
    failed(part[at] as number, {
      status: item.status,
      type,
      reason: caused_by?.reason === undefined ? reason : `${reason}: ${caused_by.reason}`,
    });
  });
}

function* inRequests(actions: readonly Action[], indices: readonly number[]): Generator<readonly number[]> {
  let part: number[] = [];
  let bytes = 0;
  for (const i of indices) {
    const size = (actions[i] as Action).lines.length;
    if (part.length > 0 && bytes + size > maxBulkBytes) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(i);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
