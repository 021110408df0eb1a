import { Client, credentials } from "@grpc/grpc-js";
import { lengthDelimited } from "@spanstore/client/wire";
import { Cursor } from "@spanstore/core/otlp";
import { methodNamed } from "../../harness.js";
import { reader, writer } from "./spans.js";

/** Spans as the bytes that go over storage.v1, unknown fields included. */
export interface RawSpans {
  write(span: Uint8Array): Promise<void>;
  /** The spans of a trace. */
  read(traceId: Uint8Array): Promise<Uint8Array[]>;
  close(): void;
}

export function connectRaw(address: string): RawSpans {
  const client = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  const same = (bytes: Buffer) => bytes;
  return {
    write: (span) =>
      new Promise((resolve, reject) => {
        const request = Buffer.concat(lengthDelimited(1, span));
        const { path } = methodNamed(`${writer}/WriteSpan`);
        client.makeUnaryRequest(path, same, same, request, (error) => (error ? reject(error) : resolve()));
      }),
    async read(traceId) {
      const request = Buffer.concat(lengthDelimited(1, traceId));
      const { path } = methodNamed(`${reader}/GetTrace`);
      const spans: Uint8Array[] = [];
      for await (const chunk of client.makeServerStreamRequest(path, same, same, request)) {
        const cursor = new Cursor(chunk as Buffer);
        while (cursor.pos < cursor.end) {
          expectSpan(cursor.tag());
          const end = cursor.lengthEnd();
          spans.push(cursor.bytes.subarray(cursor.pos, end));
          cursor.pos = end;
        }
      }
      return spans;
    },
    close: () => client.close(),
  };
}

function expectSpan(tag: number): void {
  if (tag !== 0x0a) throw new Error(`a SpansResponseChunk with a field of tag ${tag}`);
}
