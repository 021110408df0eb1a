/** What `src/grpc-js.ts` takes for granted of grpc-js and nothing promises. */
import { once } from "node:events";
import { type ClientHttp2Session, connect, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer, type Server as NetServer } from "node:net";
import {
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServiceDefinition,
  status,
} from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { type BaseCall, onStatus, takeReading } from "../src/grpc-js.js";

const same = (bytes: Buffer) => bytes;
const codec = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
const service: ServiceDefinition = {
  Echo: { path: "/test/Echo", requestStream: false, responseStream: false, ...codec },
  Wait: { path: "/test/Wait", requestStream: false, responseStream: false, ...codec },
};

let server: Server;
let port: NetServer;
let session: ClientHttp2Session;
afterEach(() => {
  session.destroy();
  port.close();
  server.forceShutdown();
});

type Intercept = (call: ServerInterceptingCallInterface) => void;

/** grpc-js's own server, of which the first interceptor is given every call. */
async function serveWith(intercept: Intercept): Promise<void> {
  server = new Server({
    "grpc.enable_channelz": 0,
    interceptors: [
      (_method, call) => {
        intercept(call);
        return new ServerInterceptingCall(call);
      },
    ],
  });
  server.addService(service, {
    Echo: (call: { request: Buffer }, respond: (error: null, answer: Buffer) => void) =>
      respond(null, call.request),
    Wait: () => {},
  });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  port = createServer((socket) => injector.injectConnection(socket)).listen(0, "127.0.0.1");
  await once(port, "listening");
  session = connect(`http://127.0.0.1:${(port.address() as AddressInfo).port}`);
}

const message = Buffer.from([0, 0, 0, 0, 2, 7, 8]);

function call(method: string, headers: Record<string, string> = {}) {
  const stream = session.request({
    ":method": "POST",
    ":path": `/test/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.on("error", () => {});
  stream.end(message);
  return stream;
}

/** How the call ends, and what came before. */
async function answerOf(stream: ReturnType<typeof call>) {
  const parts: Buffer[] = [];
  let code: unknown;
  const note = (headers: Record<string, unknown>) => {
    code = headers["grpc-status"] ?? code;
  };
  stream.on("response", note);
  stream.on("trailers", note);
  stream.on("data", (part: Buffer) => parts.push(part));
  await once(stream, "close");
  return { code: Number(code), bytes: Buffer.concat(parts) };
}

describe("grpc-js's private parts", () => {
  it("stream: the first interceptor's call has its stream of HTTP/2", async () => {
    let stream: ServerHttp2Stream | undefined;
    await serveWith((base) => {
      stream = (base as BaseCall).stream;
    });
    expect(await answerOf(call("Echo"))).toEqual({ code: status.OK, bytes: message });
    expect(stream?.sentHeaders?.["content-type"]).toBe("application/grpc+proto");
  });

  it("listeners data and end: by them alone it reads, and its stream is paused before", async () => {
    let isPaused: boolean | undefined;
    let listeners: number[] = [];
    let isTaken = false;
    await serveWith((base) => {
      const { stream } = base as BaseCall;
      isPaused = stream.isPaused();
      listeners = [stream.listenerCount("data"), stream.listenerCount("end")];
      if (!isTaken) return;
      const parts: Buffer[] = [];
      takeReading(base as BaseCall).on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () =>
        base.sendStatus({ code: status.ABORTED, details: Buffer.concat(parts).toString("hex") }),
      );
    });
    expect(await answerOf(call("Echo"))).toMatchObject({ code: status.OK });
    expect(isPaused).toBe(true);
    expect(listeners).toEqual([1, 1]);
    isTaken = true;
    const stream = call("Echo");
    const response = once(stream, "response");
    expect(await answerOf(stream)).toEqual({ code: status.ABORTED, bytes: Buffer.alloc(0) });
    expect((await response)[0]).toMatchObject({ "grpc-message": message.toString("hex") });
  });

  it("incomingEncoding: the header grpc-encoding, and identity without it", async () => {
    const encodings: string[] = [];
    await serveWith((base) => void encodings.push((base as BaseCall).incomingEncoding));
    await answerOf(call("Echo", { "grpc-encoding": "snappy" }));
    await answerOf(call("Echo"));
    expect(encodings).toEqual(["snappy", "identity"]);
  });

  it("sendStatus: statuses of grpc-js's own go through it as it stands on the call", async () => {
    const codes: status[] = [];
    await serveWith((base) => onStatus(base as BaseCall, (code) => codes.push(code)));
    expect(await answerOf(call("Wait", { "grpc-timeout": "50m" }))).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
    await answerOf(call("Echo"));
    expect(codes).toEqual([status.DEADLINE_EXCEEDED, status.OK]);
  });

  it("sentHeaders: a status alone stands among the headers, one after an answer does not", async () => {
    const streams: ServerHttp2Stream[] = [];
    await serveWith((base) => void streams.push((base as BaseCall).stream));
    await answerOf(call("Wait", { "grpc-timeout": "50m" }));
    await answerOf(call("Echo"));
    expect(streams.map(({ sentHeaders }) => sentHeaders?.["grpc-status"])).toEqual([
      status.DEADLINE_EXCEEDED,
      undefined,
    ]);
  });
});
