import { Buffer } from "node:buffer";
import { methods } from "../driver/client.js";
import { isRefused, type Refused, refusal } from "../driver/measure.js";
import { capabilitiesOf } from "../wire/answers.js";
import type { Session } from "./session.js";

/**
 * Why a server is not asked for what it does not know: it would take no notice of such fields of a request
 * and answer another question.
 */
export async function lackOf(session: Session, wanted: "filters" | "pages"): Promise<Refused | undefined> {
  let known: ReturnType<typeof capabilitiesOf> | Refused;
  try {
    known = capabilitiesOf(await session.client.unary(methods.getCapabilities, Buffer.alloc(0)));
  } catch (error) {
    known = refusal(error);
  }
  if (isRefused(known)) return { refused: `capabilities: ${known.refused}` };
  const has = wanted === "filters" ? known.operators > 0 : known.paginated;
  return has ? undefined : { refused: `its capabilities declare no ${wanted}` };
}
