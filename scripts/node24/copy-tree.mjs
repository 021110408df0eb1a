import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Makes the copy hold the files of the git work tree as they are now, those not yet added included.
 * What else lies in the copy, installed or built, stays.
 */
export function copyTree(from, to) {
  const list = join(to, ".copied");
  const before = existsSync(list) ? readFileSync(list, "utf8").split("\0") : [];
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: from,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const files = listed.split("\0").filter((file) => file !== "" && existsSync(join(from, file)));
  mkdirSync(to, { recursive: true });
  // First, so that a copy that was broken off knows what it may hold.
  writeFileSync(list, [...new Set([...before, ...files])].join("\0"));
  const kept = new Set(files);
  for (const file of before) if (!kept.has(file)) rmSync(join(to, file), { force: true });
  for (const file of files) copyFile(join(from, file), join(to, file));
  writeFileSync(list, files.join("\0"));
}

function copyFile(from, to) {
  const bytes = readFileSync(from);
  if (existsSync(to) && bytes.equals(readFileSync(to))) return;
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, bytes);
  chmodSync(to, statSync(from).mode);
}
