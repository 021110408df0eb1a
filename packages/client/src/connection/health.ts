import { SpanStoreError } from "@spanstore/core";
import { service as healthService } from "grpc-health-check";
import { read } from "../reads/answers.js";
import type { Channel } from "./channel.js";

/** The server as a whole. */
const noService = new Uint8Array(0);

/** Asks grpc.health.v1. @throws STORE_UNAVAILABLE when the server cannot serve. */
export async function askHealth(channel: Channel): Promise<void> {
  const answer = await channel.unary("/grpc.health.v1.Health/Check", noService, undefined);
  const { status } = read(() => healthService.Check?.responseDeserialize(answer)) as { status?: string };
  if (status !== "SERVING") {
    throw new SpanStoreError("STORE_UNAVAILABLE", `the server's health is ${status ?? "unknown"}`);
  }
}
