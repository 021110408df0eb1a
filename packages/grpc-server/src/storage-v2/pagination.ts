import { type PageRequest, SpanStoreError } from "@spanstore/core";

/** jaeger.storage.v2.Pagination as proto-loader reads it. */
export interface Pagination {
  readonly pageSize?: number;
  readonly pageToken?: string;
}

/**
 * The page that is asked for; undefined when pages are not asked for at all.
 * @throws INVALID_QUERY for a page size of zero.
 */
export function pageFromProto(pagination: Pagination | undefined): PageRequest | undefined {
  if (pagination === undefined) return undefined;
  const { pageSize = 0, pageToken = "" } = pagination;
  if (pageSize === 0) {
    throw new SpanStoreError("INVALID_QUERY", "a page has at least one result", {
      field: "query.pagination.page_size",
      hint: "set page_size, or leave pagination out",
    });
  }
  return pageToken === "" ? { size: pageSize } : { size: pageSize, token: pageToken };
}
