import { SpanStoreError } from "@spanstore/core";
import { type Address, parseAddress } from "@spanstore/rpc";
import type { AllInOneAddresses, ServerOptions } from "./server-options.js";

/** The addresses of a server's ports; undefined for a port that is not wanted. */
export interface WantedPorts {
  readonly grpc: Address;
  readonly archive: Address | undefined;
  readonly http: Address | undefined;
  readonly admin: Address | undefined;
  readonly allInOne: Readonly<Record<keyof AllInOneAddresses, Address>> | undefined;
}

/** @throws INVALID_OPTIONS naming the option whose address is malformed. */
export function wantedPorts({
  listen = "127.0.0.1:17271",
  archiveListen,
  httpListen,
  admin,
  allInOne,
}: ServerOptions): WantedPorts {
  return {
    grpc: addressOption(listen, "listen"),
    archive: archiveListen === undefined ? undefined : addressOption(archiveListen, "archiveListen"),
    http: httpListen === undefined ? undefined : addressOption(httpListen, "httpListen"),
    admin: admin === undefined ? undefined : addressOption(admin, "admin"),
    allInOne: allInOne && {
      otlpGrpc: addressOption(allInOne.otlpGrpc, "allInOne.otlpGrpc"),
      otlpHttp: addressOption(allInOne.otlpHttp, "allInOne.otlpHttp"),
      query: addressOption(allInOne.query, "allInOne.query"),
    },
  };
}

function addressOption(text: string, field: string): Address {
  const address = parseAddress(text);
  if (address === undefined) {
    throw new SpanStoreError("INVALID_OPTIONS", `is no HOST:PORT: ${JSON.stringify(text)}`, { field });
  }
  return address;
}
