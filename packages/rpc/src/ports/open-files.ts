/** The limit of open files and sockets of this process; undefined when the system does not say. */
export function openFileLimit(): number | undefined {
  const report: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  const { excludeNetwork = false } = report;
  // A report with the network asks the DNS for the name of every connection.
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
 * The most connections of a port.
 * @param wanted the configured number.
 * @param part the port's part of the open files; the rest is for the store and the other ports.
 */
export function connectionsWithin(openFiles: number | undefined, wanted: number, part: number): number {
  return openFiles === undefined ? wanted : Math.max(1, Math.min(wanted, Math.floor(openFiles * part)));
}
