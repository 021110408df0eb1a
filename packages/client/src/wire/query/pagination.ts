import { type PageRequest, SpanStoreError } from "@spanstore/core";

/** jaeger.storage.v2.Pagination as proto-loader reads it. */
export interface Pagination {
  readonly pageSize?: number;
  readonly pageToken?: string;
}

const maxUint32 = 2 ** 32 - 1;

/** @throws INVALID_QUERY for a size that is no whole number above 0. */
export function protoPagination(page: PageRequest | undefined): Pagination | undefined {
  if (page === undefined) return undefined;
  if (!Number.isInteger(page.size) || page.size < 1) {
    throw new SpanStoreError("INVALID_QUERY", "page.size is no whole number above 0", { field: "page.size" });
  }
  return { pageSize: Math.min(page.size, maxUint32), pageToken: page.token ?? "" };
}

/**
 * The page of a request; undefined without pagination.
 * @throws INVALID_QUERY for a page size of zero.
 */
export function pageOf(pagination: Pagination | undefined): PageRequest | undefined {
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
