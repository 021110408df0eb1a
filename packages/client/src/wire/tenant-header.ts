/** The header that names a call's tenant, as Jaeger's. */
export const defaultTenantHeader = "x-tenant";

/** The end of the name of a header of bytes. Header values are printable ASCII without commas; any other name travels as UTF-8 bytes. */
export const binarySuffix = "-bin";

/** Whether it is a valid name of a text header in gRPC. */
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
