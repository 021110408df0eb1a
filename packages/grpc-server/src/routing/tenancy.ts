import { binarySuffix, defaultTenantHeader, isTenantHeader } from "@spanstore/client/wire";
import { SpanStoreError } from "@spanstore/core";
import { checkTenantName } from "@spanstore/core/engine";
import { matchesPattern } from "./patterns.js";

export interface TenancyOptions {
  /** The header that names a call's tenant. Default: x-tenant, as Jaeger's. */
  readonly header?: string;
  /** Whose calls are served: names, or patterns in which `*` stands for any characters; "any" is everybody's. Default: any. */
  readonly tenants?: readonly string[];
  /** Whether a call without the header is refused; else it is served from the store of nobody. Default: true. */
  readonly required?: boolean;
}

export const anyTenant = "any";

/** The values that a call has of a header; bytes where the header's name ends in "-bin". */
export type Headers = (name: string) => readonly (string | Buffer)[];

/**
 * Says which tenant a call is of; undefined for nobody's.
 * @throws UNAUTHENTICATED when a call must say and does not, PERMISSION_DENIED when it names several or one that
 *   is not served.
 */
export type TenantOf = (headers: Headers) => string | undefined;

/** @throws INVALID_OPTIONS for a header that gRPC does not take. */
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
    // HTTP/2 joins the values of a header that comes twice.
    const plain = headers(header).flatMap((value) => String(value).split(","));
    const names = [...plain, ...headers(`${header}${binarySuffix}`).map(String)];
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

function served(tenants: readonly string[]): (name: string) => boolean {
  const names = new Set(tenants);
  const patterns = tenants.filter((tenant) => tenant.includes("*"));
  return (name) => names.has(name) || patterns.some((pattern) => matchesPattern(pattern, name));
}

function unknownTenant(header: string, cause?: unknown): SpanStoreError {
  return new SpanStoreError("PERMISSION_DENIED", "unknown tenant", { field: header, cause });
}
