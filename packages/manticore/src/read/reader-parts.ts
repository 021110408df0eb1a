import type { Client } from "../connection/client.js";
import type { Catalog } from "../schema/catalog.js";
import type { Naming } from "../schema/naming.js";
import type { Tuning } from "../schema/tuning.js";
import type { Layouts } from "./layout.js";
import type { RowBytes } from "./row-bytes.js";

/** The parts that all reads use. */
export interface ReaderParts {
  readonly client: Client;
  readonly naming: Naming;
  readonly catalog: Pick<Catalog, "upgrade">;
  readonly layouts: Layouts;
  readonly rowBytes: RowBytes;
  readonly tuning: Tuning;
}
