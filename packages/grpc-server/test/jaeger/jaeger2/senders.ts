import { Client, credentials } from "@grpc/grpc-js";
import type { TracesData } from "@spanstore/core";
import { encodeTraces, tracesToJson } from "@spanstore/core/otlp";
import type { ThriftSpan } from "./thrift.js";
import { thriftBatch } from "./thrift-binary.js";

/** The ways spans get into Jaeger. Each resolves when Jaeger has said that it took them. */

export async function sendOtlpGrpc(port: number, traces: TracesData): Promise<void> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  try {
    await new Promise<void>((resolve, reject) => {
      const request = Buffer.from(encodeTraces(traces));
      client.makeUnaryRequest(
        path,
        (bytes: Buffer) => bytes,
        (bytes) => bytes,
        request,
        (error) => {
          if (error === null) resolve();
          else reject(error);
        },
      );
    });
  } finally {
    client.close();
  }
}

export function sendOtlpHttp(port: number, traces: TracesData): Promise<void> {
  return post(`http://127.0.0.1:${port}/v1/traces`, "application/json", JSON.stringify(tracesToJson(traces)));
}

export function sendZipkin(port: number, spans: readonly object[]): Promise<void> {
  return post(`http://127.0.0.1:${port}/api/v2/spans`, "application/json", JSON.stringify(spans));
}

export function sendThrift(port: number, serviceName: string, spans: readonly ThriftSpan[]): Promise<void> {
  const url = `http://127.0.0.1:${port}/api/traces?format=jaeger.thrift`;
  return post(url, "application/vnd.apache.thrift.binary", thriftBatch(serviceName, spans));
}

async function post(url: string, contentType: string, body: string | Buffer): Promise<void> {
  const payload = typeof body === "string" ? body : new Uint8Array(body);
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": contentType },
    body: payload,
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  await answer.body?.cancel();
}
