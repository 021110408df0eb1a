import type { PageRequest } from "@spanstore/core";
import { integerOf, invalid, type Parameters } from "../wire/parameters.js";

export const pageParameters = { pageSize: "once", pageToken: "once" } as const;

/** The requested page; undefined without `pageSize`. @throws INVALID_QUERY. */
export function pageOf(parameters: Parameters): PageRequest | undefined {
  const size = integerOf(parameters, "pageSize");
  const token = parameters.text("pageToken");
  if (size === undefined) {
    if (token !== undefined) throw invalid("pageToken", "stands there without pageSize");
    return undefined;
  }
  if (size < 1) throw invalid("pageSize", "is less than 1");
  return token === undefined ? { size } : { size, token };
}
