import { binarySuffix, defaultTenantHeader, isTenantHeader } from "@spanstore/client/wire";
import { SpanStoreError } from "@spanstore/core";
import { checkTenantName } from "@spanstore/core/engine";
import { matchesPattern } from "./patterns.js";

export interface TenancyOptions {
  /** The header that names a call's tenant. Default: x-tenant, as in Jaeger. */
  readonly header?: string;
  /** The tenants to serve: names, or patterns with `*` for any characters; "any" stands for all. Default: any. */
  readonly tenants?: readonly string[];
  /** Whether a call without the header is refused; else it is the default tenant's. Default: true. */
  readonly required?: boolean;
}

export const anyTenant = "any";

/** The values of a call's header; bytes when its name ends in "-bin". */
export type Headers = (name: string) => readonly (string | Buffer)[];

/** The headers of a call over HTTP. As in gRPC, bytes are in base64 and commas separate values. */
export function headersOverHttp(valuesOf: (name: string) => readonly string[]): Headers {
  return (name) => {
    const values = valuesOf(name);
    if (!name.endsWith(binarySuffix)) return values;
    return values.flatMap((text) => text.split(",").map((part) => Buffer.from(part.trim(), "base64")));
  };
}

/**
 * The tenant of a call; undefined for the default tenant.
 * @throws UNAUTHENTICATED when a required tenant is missing, PERMISSION_DENIED for several tenants or one that is not
 *   served, INVALID_QUERY for bytes that are no UTF-8.
 */
export type TenantOf = (headers: Headers) => string | undefined;

/** @throws INVALID_OPTIONS for the name of a header that gRPC does not accept. */
export function createTenantOf(options: TenancyOptions): TenantOf {
  const { tenants, required = true } = options;
  const header = (options.header ?? defaultTenantHeader).toLowerCase();
  if (!isTenantHeader(header)) {
    throw new SpanStoreError("INVALID_OPTIONS", `is no name of a header: ${JSON.stringify(header)}`, {
      field: "tenancy.header",
    });
  }
  const isServed = tenants === undefined || tenants.includes(anyTenant) ? () => true : served(tenants);
  return (headers) => {
    // HTTP/2 joins the values of a repeated header.
    const plain = headers(header).flatMap((value) => String(value).split(","));
    const inBytes = `${header}${binarySuffix}`;
    const names = [...plain, ...headers(inBytes).map((bytes) => textOf(bytes, inBytes))];
    const [name] = names;
    if (names.length > 1) {
      throw new SpanStoreError("PERMISSION_DENIED", "a call is of one tenant, and this one names several", {
        field: header,
      });
    }
    if (name === undefined || name === "") {
      if (!required) return undefined;
      throw new SpanStoreError("UNAUTHENTICATED", "the call does not say which tenant it is of", {
        field: header,
        hint: `send the tenant's name in the header ${header}`,
      });
    }
    if (!isServed(name)) throw unknownTenant(header);
    try {
      checkTenantName(name);
    } catch (cause) {
      throw unknownTenant(header, cause);
    }
    return name;
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes strictly: otherwise all invalid bytes would become the same text, and share a tenant. */
function textOf(bytes: string | Buffer, field: string): string {
  if (typeof bytes === "string") return bytes;
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new SpanStoreError("INVALID_QUERY", `the header ${field} is no UTF-8`, {
      field,
      hint: "send the tenant's name in UTF-8",
      cause,
    });
  }
}

function served(tenants: readonly string[]): (name: string) => boolean {
  const names = new Set(tenants);
  const patterns = tenants.filter((tenant) => tenant.includes("*"));
  return (name) => names.has(name) || patterns.some((pattern) => matchesPattern(pattern, name));
}

function unknownTenant(header: string, cause?: unknown): SpanStoreError {
  return new SpanStoreError("PERMISSION_DENIED", "unknown tenant", { field: header, cause });
}
