import { SpanStoreError, type StoreStats } from "@spanstore/core";
import { type Expired, messageOf } from "@spanstore/core/engine";
import type { Header } from "./channel.js";
import type { ClientTls } from "./client-tls.js";
import { requestText } from "./request-text.js";

/** The calls that storage.v2 lacks, on the server's admin port. */
export interface AdminClient {
  deleteBefore(timeUnixNano: bigint): Promise<void>;
  expire(timeUnixNano: bigint, dryRun: boolean): Promise<readonly Expired[]>;
  purge(): Promise<void>;
  tenants(): Promise<readonly string[]>;
  stats(): Promise<StoreStats>;
}

/** One nanosecond after the latest start of a span. */
const afterEverything = 1n << 64n;

export interface AdminAccess {
  /** `http://HOST:PORT`, or `https:`; without it every call fails with UNSUPPORTED. */
  readonly address: string | undefined;
  /** For `https:`. */
  readonly tls: ClientTls | undefined;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * @param tenant the header that names the tenant.
 * @throws INVALID_OPTIONS when the address is not such a URL.
 */
export function createAdminClient({ address, tls, headers }: AdminAccess, tenant?: Header): AdminClient {
  if (address === undefined) {
    return {
      deleteBefore: withoutAdmin,
      expire: withoutAdmin,
      purge: withoutAdmin,
      tenants: withoutAdmin,
      stats: withoutAdmin,
    };
  }
  const base = baseOf(address);
  const allHeaders = { ...headers, ...httpHeaders(tenant) };
  const ask = async (method: "GET" | "POST", path: string): Promise<string> => {
    const url = new URL(path, base);
    const { status, text } = await requestText({ url, method, headers: allHeaders, tls }).catch((cause) => {
      throw new SpanStoreError(
        "STORE_UNAVAILABLE",
        `the admin port at ${base.origin} does not answer: ${messageOf(cause)}`,
        {
          cause,
        },
      );
    });
    if (status >= 200 && status < 300) return text;
    throw refusal(status, text.trim(), `${method} ${url.pathname}`);
  };
  return {
    async deleteBefore(timeUnixNano) {
      await ask("POST", `delete-before?time=${withinTime(timeUnixNano)}`);
    },
    async expire(timeUnixNano, dryRun) {
      const time = withinTime(timeUnixNano);
      return JSON.parse(
        dryRun ? await ask("GET", `expiring?time=${time}`) : await ask("POST", `expire?time=${time}`),
      ) as Expired[];
    },
    async tenants() {
      return JSON.parse(await ask("GET", "tenants")) as string[];
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

function withinTime(unixNano: bigint): bigint {
  if (unixNano < 0n) return 0n;
  return unixNano > afterEverything ? afterEverything : unixNano;
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

/** Writes headers as gRPC does: bytes in base64. */
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
    case 401:
      return new SpanStoreError("UNAUTHENTICATED", message);
    case 403:
      return text.includes("--allow-purge")
        ? new SpanStoreError("UNSUPPORTED", message, { hint: "start the server with --allow-purge" })
        : new SpanStoreError("PERMISSION_DENIED", message);
    case 404:
    case 405:
      return new SpanStoreError("UNSUPPORTED", message, { hint: "admin is no admin port of such a server" });
    case 503:
      return new SpanStoreError("STORE_UNAVAILABLE", message);
    default:
      return new SpanStoreError("INTERNAL", message);
  }
}
