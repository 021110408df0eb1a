import { messageOf } from "@spanstore/core/engine";

const common: Readonly<Record<string, string>> = {
  EISDIR: "it is a folder",
  ENAMETOOLONG: "its name is too long",
  EROFS: "its file system is read-only",
  ENOSPC: "the disk is full",
  EFBIG: "it is larger than its file system allows",
  EIO: "the disk reports an error",
};

const reasons: Readonly<Record<"read" | "write", Readonly<Record<string, string>>>> = {
  read: {
    ...common,
    ENOENT: "there is no such file",
    ENOTDIR: "there is no such file",
    EACCES: "this user may not read it",
    EPERM: "this user may not read it",
  },
  write: {
    ...common,
    ENOENT: "there is no such folder",
    ENOTDIR: "there is no such folder",
    EACCES: "this user may not write it",
    EPERM: "this user may not write it",
  },
};

/** Why a file cannot be read or written, with its name: `cannot read spans.json: there is no such file`. */
export function fileProblem(doing: "read" | "write", path: string, error: unknown): string {
  const reason = isSystemError(error) ? reasons[doing][error.code] : undefined;
  return `cannot ${doing} ${path}: ${reason ?? messageOf(error)}`;
}

/** Whether the operating system refused a file. */
export function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}
