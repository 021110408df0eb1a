/**
 * The end of the batch that begins at `from`. A batch has 1 to `most` items, and at most `mostBytes` unless its only item is
 * larger.
 */
export function batchEnd<T>(
  items: readonly T[],
  from: number,
  most: number,
  mostBytes: number,
  bytesOf: (item: T) => number,
): number {
  let end = from;
  for (let bytes = 0; end < items.length && end < from + most; end++) {
    bytes += bytesOf(items[end] as T);
    if (end > from && bytes > mostBytes) break;
  }
  return end;
}
