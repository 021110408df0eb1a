import { createSocket } from "node:dgram";
import { Client, credentials } from "@grpc/grpc-js";
import { lengthDelimited } from "@spanstore/client/wire";
import { messageType } from "../../harness.js";
import type { ThriftSpan } from "../jaeger2/thrift.js";
import { emitBatchPacket } from "./thrift-compact.js";

/** To the collector's own gRPC: jaeger.api_v2.CollectorService, which takes a batch of spans of one process. */
export async function sendJaegerGrpc(port: number, process: object, spans: readonly object[]): Promise<void> {
  const encoded = (name: string, message: object) => messageType(`jaeger.api_v2.${name}`).serialize(message);
  const batch = Buffer.concat([
    ...spans.flatMap((span) => lengthDelimited(1, encoded("Span", span))),
    ...lengthDelimited(2, encoded("Process", process)),
  ]);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(
        "/jaeger.api_v2.CollectorService/PostSpans",
        (bytes: Buffer) => bytes,
        (bytes) => bytes,
        Buffer.concat(lengthDelimited(1, batch)),
        (error) => (error === null ? resolve() : reject(error)),
      );
    });
  } finally {
    client.close();
  }
}

/** To the agent, as Jaeger's old client libraries do: no answer says that it arrived. */
export async function sendUdp(
  port: number,
  serviceName: string,
  spans: readonly ThriftSpan[],
): Promise<void> {
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.send(emitBatchPacket(serviceName, spans), port, "127.0.0.1", (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  } finally {
    socket.close();
  }
}
