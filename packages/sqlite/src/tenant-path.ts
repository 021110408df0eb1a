import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * The file of a tenant, in a folder beside the store's own file. Every name has a file of its own on every file
 * system: bytes other than small letters, digits, `_` and `-` are written as `%` and two hex digits.
 */
export async function tenantPath(path: string, tenant: string): Promise<string> {
  const folder = `${path}.tenants`;
  await mkdir(folder, { recursive: true });
  return join(folder, `${fileName(tenant)}.sqlite`);
}

function fileName(tenant: string): string {
  return Array.from(Buffer.from(tenant, "utf8"), (byte) => {
    const letter = String.fromCharCode(byte);
    return /[a-z0-9_-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}
