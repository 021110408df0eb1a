import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { SpanStoreError } from "@spanstore/core";
import { statusOfError } from "@spanstore/rpc";
import type { TenantOf } from "../routing/tenancy.js";
import type { Authorizer } from "./authorizer.js";
import { needOf } from "./needs.js";

export interface GuardOptions {
  /** Undefined: every call is allowed. */
  readonly authorizer: Authorizer | undefined;
  /** Undefined: there are no tenants. */
  readonly tenantOf: TenantOf | undefined;
  /** The most bytes of a call's headers, names and values together. */
  readonly maxHeaderBytes: number;
}

/** Refuses calls by their headers, before it reads any message. */
export function guardCalls({ authorizer, tenantOf, maxHeaderBytes }: GuardOptions): ServerInterceptor {
  const check = (path: string, headers: Metadata): void => {
    if (headerBytes(headers) > maxHeaderBytes) {
      throw new SpanStoreError("TOO_LARGE", `the call's headers have more than ${maxHeaderBytes} bytes`, {
        field: "headers",
      });
    }
    if (authorizer === undefined) return;
    const grant = authorizer.authorize(headers.get("authorization").map(String), needOf(path));
    if (grant?.tenants !== undefined) {
      authorizer.checkTenant(
        grant,
        tenantOf?.((name) => headers.get(name)),
      );
    }
  };
  return (method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (headers, pass) => {
            try {
              check(method.path, headers);
            } catch (error) {
              call.sendStatus(statusOfError(error));
              return;
            }
            pass(headers);
          },
        }),
    });
}

function headerBytes(headers: Metadata): number {
  let bytes = 0;
  for (const name of Object.keys(headers.getMap())) {
    for (const value of headers.get(name)) bytes += name.length + value.length;
  }
  return bytes;
}
