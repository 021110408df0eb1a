/**
 * The end of a batch that begins at an index: it holds at least one item, at most so many, and no more bytes than are
 * allowed, one item excepted.
 */
export function batchEnd(
  items: readonly { readonly encoded: { readonly length: number } }[],
  from: number,
  most: number,
  mostBytes: number,
): number {
  let end = from;
  for (let bytes = 0; end < items.length && end < from + most; end++) {
    bytes += items[end]?.encoded.length ?? 0;
    if (end > from && bytes > mostBytes) break;
  }
  return end;
}
