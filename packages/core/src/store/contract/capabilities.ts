import { allLevels } from "../../query/filter/language/predicate.js";
import { operators } from "../../query/filter/resolve/resolve.js";
import type { SearchCapabilities } from "./calls.js";

/** Every engine answers every query, since core checks every candidate. */
export const allCapabilities: SearchCapabilities = {
  withoutServiceName: true,
  sameSpanConjunction: true,
  filter: { levels: allLevels, operators },
  paginated: true,
  spanSearch: true,
  spanSorting: true,
};
