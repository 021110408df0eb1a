const unaryWrites: ReadonlySet<string> = new Set(["Export", "WriteSpan", "WriteArchiveSpan"]);
const uploads: ReadonlySet<string> = new Set(["WriteSpanStream"]);

/** Whether a method writes by one message. */
export function isUnaryWrite(method: string): boolean {
  return unaryWrites.has(method);
}

/** Whether calls of this path, `/SERVICE/METHOD`, write. */
export function isWritePath(path: string): boolean {
  const method = path.slice(path.lastIndexOf("/") + 1);
  return isUnaryWrite(method) || uploads.has(method);
}
