import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createNameCodec } from "@spanstore/core/engine";
import { storeError } from "../connection/errors.js";

const ending = ".sqlite";
/** Distinct tenants get distinct file names, on file systems that ignore case too. */
const fileNames = createNameCodec(/[a-z0-9_-]/, "%");

/** The file of a tenant, in a folder beside the store's file. Creates the folder. */
export async function tenantPath(path: string, tenant: string): Promise<string> {
  const folder = folderOf(path);
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw storeError(error, "cannot make the tenants' folder");
  }
  return join(folder, `${fileNames.encode(tenant)}${ending}`);
}

/** The tenants that have a file. Skips other entries of the folder. */
export async function tenantNames(path: string): Promise<string[]> {
  let files: string[];
  try {
    files = await readdir(folderOf(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw storeError(error, "cannot list the tenants");
  }
  return files.flatMap((file) =>
    file.endsWith(ending) ? (fileNames.decode(file.slice(0, -ending.length)) ?? []) : [],
  );
}

function folderOf(path: string): string {
  return `${path}.tenants`;
}
