import { allLevels } from "../../query/filter/language/predicate.js";
import { operators } from "../../query/filter/resolve/resolve.js";
import type { SearchCapabilities } from "./calls.js";

/** Core checks every candidate itself, so every engine answers every query. */
export const allCapabilities: SearchCapabilities = {
  withoutServiceName: true,
  sameSpanConjunction: true,
  filter: { levels: allLevels, operators },
  paginated: true,
  spanSearch: true,
  spanSorting: true,
};
