/** The header that names a call's tenant, the same as Jaeger's. */
export const defaultTenantHeader = "x-tenant";

/** The suffix of headers with bytes. A tenant's name that is not printable ASCII without commas travels in one, as UTF-8. */
export const binarySuffix = "-bin";

/** Whether gRPC accepts the name for a text header. */
export function isTenantHeader(name: string): boolean {
  return /^[0-9a-z_.-]+$/i.test(name) && !name.toLowerCase().endsWith(binarySuffix);
}

/** The header and value that name a tenant. */
export function tenantHeaderOf(
  header: string,
  tenant: string,
): readonly [name: string, value: string | Buffer] {
  const isPlain = /^[ -~]+$/.test(tenant) && !tenant.includes(",") && tenant.trim() === tenant;
  return isPlain ? [header, tenant] : [`${header}${binarySuffix}`, Buffer.from(tenant, "utf8")];
}
