import { SpanStoreError } from "@spanstore/core";
import { service as healthService } from "grpc-health-check";
import { read } from "../reads/answers.js";
import type { Channel } from "./channel.js";

/** The server as a whole. */
const noService = new Uint8Array(0);

/** The longest wait, since a port may accept connections and never answer. */
const longestMillis = 10_000;

/** Asks grpc.health.v1. @throws STORE_UNAVAILABLE when the server cannot serve, or does not answer for ten seconds. */
export async function askHealth(channel: Channel, signal: AbortSignal | undefined): Promise<void> {
  const late = AbortSignal.timeout(longestMillis);
  const either = signal === undefined ? late : AbortSignal.any([signal, late]);
  let answer: Buffer;
  try {
    answer = await channel.unary("/grpc.health.v1.Health/Check", noService, either);
  } catch (error) {
    if (!late.aborted || signal?.aborted) throw error;
    throw new SpanStoreError("STORE_UNAVAILABLE", "the server does not answer within ten seconds", {
      cause: error,
    });
  }
  const { status } = read(() => healthService.Check?.responseDeserialize(answer)) as { status?: string };
  if (status !== "SERVING") {
    throw new SpanStoreError("STORE_UNAVAILABLE", `the server's health is ${status ?? "unknown"}`);
  }
}
