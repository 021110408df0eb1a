import { SpanStoreError, type StoreStats } from "@spanstore/core";
import type { Header } from "./channel.js";

/** What storage.v2 has no calls for, asked of the server's admin port. */
export interface AdminClient {
  deleteBefore(timeUnixNano: bigint): Promise<void>;
  purge(): Promise<void>;
  stats(): Promise<StoreStats>;
}

/** The latest time that a span can start at, and one nanosecond more. */
const afterEverything = 1n << 64n;

/**
 * @param address `http://HOST:PORT`; without it every call fails with UNSUPPORTED.
 * @param tenant the header that names the tenant whose store is meant.
 * @throws INVALID_OPTIONS when it is no such URL.
 */
export function createAdminClient(address: string | undefined, tenant?: Header): AdminClient {
  if (address === undefined) {
    return { deleteBefore: withoutAdmin, purge: withoutAdmin, stats: withoutAdmin };
  }
  const base = baseOf(address);
  const ask = (method: "GET" | "POST", path: string): Promise<string> => askAdmin(base, method, path, tenant);
  return {
    async deleteBefore(timeUnixNano) {
      const time = timeUnixNano < 0n ? 0n : timeUnixNano > afterEverything ? afterEverything : timeUnixNano;
      await ask("POST", `delete-before?time=${time}`);
    },
    async purge() {
      await ask("POST", "purge");
    },
    async stats() {
      const size = /^spanstore_store_bytes(?:\{[^}]*\})? (\S+)$/m.exec(await ask("GET", "metrics"))?.[1];
      if (size === undefined) {
        throw new SpanStoreError("STORE_UNAVAILABLE", "the server's metrics do not tell the store's size");
      }
      return { bytes: Number(size) };
    },
  };
}

async function withoutAdmin(): Promise<never> {
  throw new SpanStoreError("UNSUPPORTED", "jaeger.storage.v2 has no such call", {
    hint: "connect with the option admin, the URL of the server's admin port",
  });
}

function baseOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new SpanStoreError("INVALID_OPTIONS", `is no URL of an admin port: ${JSON.stringify(address)}`, {
      field: "admin",
      hint: "http://HOST:PORT",
    });
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

async function askAdmin(
  base: URL,
  method: "GET" | "POST",
  path: string,
  tenant: Header | undefined,
): Promise<string> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(path, base), { method, headers: httpHeaders(tenant) });
    text = await response.text();
  } catch (cause) {
    throw new SpanStoreError("STORE_UNAVAILABLE", `the admin port at ${base.origin} does not answer`, {
      cause,
    });
  }
  if (response.ok) return text;
  throw refusal(response.status, text.trim(), `${method} ${new URL(path, base).pathname}`);
}

/** As gRPC writes them: bytes in base64. */
function httpHeaders(header: Header | undefined): Record<string, string> {
  if (header === undefined) return {};
  const [name, value] = header;
  return { [name]: typeof value === "string" ? value : value.toString("base64") };
}

function refusal(status: number, text: string, request: string): SpanStoreError {
  const message = `${request} on the admin port: ${status} ${text}`;
  switch (status) {
    case 400:
      return new SpanStoreError("INVALID_QUERY", message);
    case 403:
      return new SpanStoreError("UNSUPPORTED", message, { hint: "start the server with --allow-purge" });
    case 404:
    case 405:
      return new SpanStoreError("UNSUPPORTED", message, { hint: "admin is no admin port of such a server" });
    case 503:
      return new SpanStoreError("STORE_UNAVAILABLE", message);
    default:
      return new SpanStoreError("INTERNAL", message);
  }
}
