/** What whoever threw it, whatever it is, says of it. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
