import { readFileSync } from "node:fs";
import { type ServiceError, status } from "@grpc/grpc-js";
import { type ErrorCode, SpanStoreError } from "@spanstore/core";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorOf, messageType, type Served, serve, storeWith } from "../harness.js";

const expected: Record<ErrorCode, status> = {
  INVALID_QUERY: status.INVALID_ARGUMENT,
  UNSUPPORTED_FILTER: status.INVALID_ARGUMENT,
  UNSUPPORTED: status.UNIMPLEMENTED,
  INVALID_TRACES: status.INVALID_ARGUMENT,
  NOT_FOUND: status.NOT_FOUND,
  STORE_UNAVAILABLE: status.UNAVAILABLE,
  STORE_CLOSED: status.UNAVAILABLE,
  OVERLOADED: status.RESOURCE_EXHAUSTED,
  TOO_LARGE: status.RESOURCE_EXHAUSTED,
  ABORTED: status.CANCELLED,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  PERMISSION_DENIED: status.PERMISSION_DENIED,
  CORRUPT: status.DATA_LOSS,
  INVALID_OPTIONS: status.INTERNAL,
  INCOMPATIBLE_SCHEMA: status.INTERNAL,
  DRIVER_UNAVAILABLE: status.INTERNAL,
  INTERNAL: status.INTERNAL,
};

it("docs/errors.md lists every code with its status", () => {
  const page = readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8");
  const listed = [...page.matchAll(/^\| `(\w+)` \|.*\| `(\w+)` \|$/gm)].map(([, code, name]) => [
    code,
    status[name as keyof typeof status],
  ]);
  expect(Object.fromEntries(listed)).toEqual(expected);
});

describe("statuses of a store's errors", () => {
  let thrown: unknown;
  let served: Served;
  const logged: { level: number; err?: { message: string } }[] = [];

  beforeAll(async () => {
    served = await serve({
      logger: pino({ level: "info" }, { write: (line: string) => logged.push(JSON.parse(line)) }),
      store: storeWith({
        getServices: async () => {
          throw thrown;
        },
      }),
    });
  });
  afterAll(() => served.stop());

  const failWith = async (error: unknown) => {
    thrown = error;
    logged.length = 0;
    return errorOf(served.client.unary("GetServices", {}));
  };

  it.each(Object.entries(expected) as [ErrorCode, status][])("%s", async (code, wanted) => {
    const error = await failWith(
      new SpanStoreError(code, "what went wrong", { field: "part", hint: "do this" }),
    );
    const words = wanted === status.INTERNAL ? "internal error" : "part: what went wrong (do this)";
    expect([error.code, error.details]).toEqual([wanted, words]);
    const info = { reason: code, domain: "spanstore", metadata: { field: "part", hint: "do this" } };
    expect(detailsOf(error)).toEqual(
      wanted === status.INTERNAL ? [] : expect.arrayContaining([{ "google.rpc.ErrorInfo": info }]),
    );
    const isServers = [status.INTERNAL, status.UNAVAILABLE, status.DATA_LOSS].includes(wanted);
    expect(logged.map((entry) => entry.err?.message)).toEqual(isServers ? ["what went wrong"] : []);
  });

  it("shows an unknown error in the log only, not to the client", async () => {
    const error = await failWith(new Error("password=secret"));
    expect([error.code, error.details]).toEqual([status.INTERNAL, "internal error"]);
    expect(logged[0]?.err?.message).toBe("password=secret");
  });

  it("knows an error of another copy of core", async () => {
    const foreign = Object.assign(new Error("elsewhere"), {
      [Symbol.for("spanstore.error")]: true,
      code: "NOT_FOUND",
    });
    expect((await failWith(foreign)).code).toBe(status.NOT_FOUND);
  });

  it("tells the client of an overloaded store when to try again", async () => {
    const error = await failWith(new SpanStoreError("OVERLOADED", "too much at once"));
    const [encoded] = error.metadata.get("grpc-status-details-bin");
    const whole = messageType("google.rpc.Status").deserialize(encoded as Buffer);
    expect(whole).toMatchObject({ code: status.RESOURCE_EXHAUSTED, message: "too much at once" });
    const retryInfo = { "google.rpc.RetryInfo": { retryDelay: { seconds: "1", nanos: 0 } } };
    expect(detailsOf(error)).toContainEqual(retryInfo);
  });

  it.each([
    ["half a surrogate pair", "\ud800"],
    ["line breaks", "a\r\nb"],
    ["text beyond a header's size", "é".repeat(100_000)],
  ])("sends words with %s", async (_what, words) => {
    const error = await failWith(new SpanStoreError("INVALID_QUERY", words));
    expect(error.code).toBe(status.INVALID_ARGUMENT);
  });
});

/** What google.rpc.Status holds beside code and message, by message type. */
function detailsOf(error: ServiceError): object[] {
  const [encoded] = error.metadata.get("grpc-status-details-bin");
  if (encoded === undefined) return [];
  const { details } = messageType("google.rpc.Status").deserialize(encoded as Buffer);
  return details.map(({ type_url, value }: { type_url: string; value: Buffer }) => {
    const type = type_url.replace("type.googleapis.com/", "");
    return { [type]: messageType(type).deserialize(value) };
  });
}
