/** How many files and sockets this process may have open; undefined where the system does not say. */
export function openFileLimit(): number | undefined {
  const report: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  const { excludeNetwork = false } = report;
  // It would ask the DNS for every connection's name.
  report.excludeNetwork = true;
  try {
    const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
    const limit = Number(userLimits?.open_files?.soft);
    return Number.isSafeInteger(limit) ? limit : undefined;
  } finally {
    report.excludeNetwork = excludeNetwork;
  }
}

/**
 * How many connections there may be.
 * @param wanted the most that is asked for.
 * @param part of the open files; the others are the store's and the other ports'.
 */
export function connectionsWithin(openFiles: number | undefined, wanted: number, part: number): number {
  return openFiles === undefined ? wanted : Math.max(1, Math.min(wanted, Math.floor(openFiles * part)));
}
