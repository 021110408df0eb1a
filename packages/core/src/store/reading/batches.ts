/**
 * The end of the batch that begins at `from`. A batch has 1 to `most` items, and at most `mostBytes` unless its only item is
 * larger.
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
