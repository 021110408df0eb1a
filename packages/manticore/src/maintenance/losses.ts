/** Compares stored spans with the index and the lists of names, and reports what searches and lists miss. */

import { type Finding, ok, problem, warning } from "@spanstore/core/engine";
import { spanKindWord, spansOf } from "@spanstore/core/otlp";
import type { Client } from "../connection/client.js";
import { unescaped } from "../connection/literals.js";
import { createLayouts } from "../read/layout.js";
import type { Naming } from "../schema/naming.js";
import type { Place } from "../schema/places.js";
import { type ListedTable, windowTables } from "../schema/tables.js";
import { defaultTuning } from "../schema/tuning.js";
import { unionFault } from "../schema/unions.js";
import type { Window } from "../schema/windows.js";
import { createOperations } from "../write/operations.js";
import { findLostTerms } from "./lost-terms.js";

export interface LossParts {
  readonly client: Client;
  readonly naming: Naming;
  readonly places: readonly Place[];
  readonly agents: readonly string[];
  readonly listed: readonly ListedTable[];
}

/** The newest windows that are checked, and the approximate number of fragments in each. */
const newestWindows = 3;
const sampledFragments = 64;
const repairAdvice = "run `spanstore maintain repair`, which derives them again from the spans";
const neverRestarted = { settled: async () => 0, epoch: () => 0 };

/** Checks that searches and lists find the newest spans. */
export async function lossFindings(parts: LossParts): Promise<readonly Finding[]> {
  const { client, naming, places, listed } = parts;
  const windows = windowTables(naming, naming.fragments, listed).slice(0, newestWindows);
  const catalog = { list: async () => windows };
  const layout = await createLayouts({ client, naming, catalog, restarts: neverRestarted }).read();
  const lost: string[] = [];
  for (const { name, startUnixNano } of windows) {
    const known = layout.stopTerms(startUnixNano, startUnixNano);
    for (const place of places) {
      const terms = await findLostTerms(place, name, known, sampledFragments);
      if (terms.size > 0) lost.push(`${terms.size} of ${naming.fragmentTable(windowOf(place, name))}`);
    }
  }
  return [
    lost.length === 0
      ? ok("stop terms", "the index has all terms of the newest spans")
      : problem(
          "stop terms",
          `searches miss spans, since the index lacks terms whose list was lost: ${lost.join(", ")}`,
          repairAdvice,
        ),
    ...(await nameFindings(parts, windows)),
    ...(await unionFindings(parts)),
  ];
}

/** Checks that the lists have the services and operations of the newest spans. */
async function nameFindings(
  { client, naming, places }: LossParts,
  windows: readonly Window[],
): Promise<readonly Finding[]> {
  const operations = createOperations(client, naming, places, defaultTuning);
  const missing = new Set<string>();
  const lists = new Map<string, ReadonlySet<string>>();
  for (const window of windows) {
    for (const place of places) {
      for (const [encoded] of await newest(place, window)) {
        for (const { resource, name, kind } of spansOf(unescaped(encoded as Buffer))) {
          const { serviceName: service } = resource;
          if (service === "") continue;
          let list = lists.get(service);
          if (list === undefined) {
            const known = await operations.of(service);
            list = new Set(known.map((each) => `${each.spanKind} ${each.name}`));
            lists.set(service, list);
          }
          if (!list.has(`${spanKindWord(kind)} ${name}`)) missing.add(service);
        }
      }
    }
  }
  const services = new Set(await operations.services());
  for (const service of lists.keys()) if (!services.has(service)) missing.add(service);
  if (missing.size === 0) return [ok("names", "the newest spans are listed")];
  const some = [...missing].sort().slice(0, 5).join(", ");
  return [
    problem("names", `services or operations of spans are missing from the lists, of ${some}`, repairAdvice),
  ];
}

function newest({ client, naming }: Place, window: Window) {
  return client.query(
    `SELECT encoded FROM ${naming.fragmentTable(window)} ORDER BY id DESC LIMIT ${sampledFragments} OPTION max_matches=${sampledFragments}`,
    { doing: "cannot compare the lists with what is stored" },
  );
}

function windowOf(place: Place, name: string): Window {
  return place.naming.windows.named(name) as Window;
}

async function unionFindings({ client, naming, agents, listed }: LossParts): Promise<readonly Finding[]> {
  const members = windowTables(naming, naming.spans, listed).map(naming.spanTable);
  const fault = await unionFault(client, { name: naming.spans, members, agents, timeoutMillis: 0 });
  if (fault === undefined) return [];
  return [
    (fault.isLack ? warning : problem)(
      "tables",
      `${fault.text}: SQL over all days ${fault.isLack ? "does not see all spans" : "fails"}`,
      "a running server makes it again within a minute; `spanstore maintain repair` does so at once",
    ),
  ];
}
