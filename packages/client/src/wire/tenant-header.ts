/** The header that names a call's tenant, as Jaeger's. */
export const defaultTenantHeader = "x-tenant";

/** Header values are printable ASCII, and a comma separates two; any other name travels as its UTF-8 in a header whose name ends so. */
export const binarySuffix = "-bin";

/** Whether gRPC takes it for the name of a header of text. */
export function isTenantHeader(name: string): boolean {
  return /^[0-9a-z_.-]+$/i.test(name) && !name.toLowerCase().endsWith(binarySuffix);
}

/** The header that names this tenant. */
export function tenantHeaderOf(
  header: string,
  tenant: string,
): readonly [name: string, value: string | Buffer] {
  const isPlain = /^[ -~]+$/.test(tenant) && !tenant.includes(",") && tenant.trim() === tenant;
  return isPlain ? [header, tenant] : [`${header}${binarySuffix}`, Buffer.from(tenant, "utf8")];
}
