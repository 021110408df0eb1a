import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { storeError } from "../connection/errors.js";

const ending = ".sqlite";

/**
 * The file of a tenant, in a folder beside the store's own file. Every name has a file of its own on every file
 * system: bytes other than small letters, digits, `_` and `-` are written as `%` and two hex digits.
 */
export async function tenantPath(path: string, tenant: string): Promise<string> {
  const folder = folderOf(path);
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw storeError(error, "cannot make the tenants' folder");
  }
  return join(folder, `${fileName(tenant)}${ending}`);
}

/** The tenants that have a file; what else lies in the folder is passed over. */
export async function tenantNames(path: string): Promise<string[]> {
  let files: string[];
  try {
    files = await readdir(folderOf(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw storeError(error, "cannot list the tenants");
  }
  return files.flatMap((file) => {
    if (!file.endsWith(ending)) return [];
    const escaped = file.slice(0, -ending.length);
    const tenant = tenantOf(escaped);
    return tenant !== "" && fileName(tenant) === escaped ? [tenant] : [];
  });
}

function folderOf(path: string): string {
  return `${path}.tenants`;
}

function fileName(tenant: string): string {
  return Array.from(Buffer.from(tenant, "utf8"), (byte) => {
    const letter = String.fromCharCode(byte);
    return /[a-z0-9_-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}

/** Right only for what `fileName` makes. */
function tenantOf(escaped: string): string {
  const bytes = escaped.replace(/%([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
