import { type Finding, findingsOf, formatSize, ok, problem, warning } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import { openClients } from "../connection/clients.js";
import { failureOf, storeError } from "../connection/errors.js";
import {
  clockDifference,
  flushAdvice,
  lossOf,
  readServerFacts,
  readTableFacts,
  type ServerFacts,
  type TableFacts,
} from "../connection/server-facts.js";
import { addressText, checkOptions, type ManticoreOptions, type Settings } from "../options.js";
import { createNaming } from "../schema/naming.js";
import { placesOf } from "../schema/places.js";
import { formatOf, lengthOf, settingDifferences } from "../schema/space.js";
import { tablesFrom } from "../schema/tables.js";
import { createWindows } from "../schema/windows.js";
import { lossFindings } from "./losses.js";
import { columnFindings, sizeFindings, strayFindings } from "./table-findings.js";

/** The tested major version. */
const triedVersion = 29;
const mebi = 1024 * 1024;
/** Requests of Jaeger, and answers with whole traces, stay below this. */
const enoughPacketBytes = 16 * mebi;
const maxClockSeconds = 5;

/**
 * Checks a store's searchd and its tables. Reports what is right, weak or broken, and a remedy for each fault. Changes
 * nothing.
 * @throws INVALID_OPTIONS naming the option; any other error becomes a finding.
 */
export async function diagnoseManticore(options: ManticoreOptions): Promise<readonly Finding[]> {
  const settings = checkOptions({ retryMillis: 0, ...options });
  const clients = openClients(settings);
  const { home, shards } = clients;
  const findings: Finding[] = [];
  try {
    const daemons = [
      { client: home, at: settings.addresses.map(addressText).join(", ") },
      ...shards.map((client, i) => ({
        client,
        at: addressText(settings.shards[i] as (typeof settings.shards)[0]),
      })),
    ];
    for (const { client, at } of daemons) {
      const found = await within("searchd", async () => serverFindings(await readServerFacts(client), at));
      findings.push(...found);
    }
    if (findings.some(({ level, subject }) => level === "problem" && subject === "searchd")) return findings;
    findings.push(...(await within("tables", () => spaceFindings(home, shards, settings))));
    return findings;
  } finally {
    await clients.close();
  }
}

function within(subject: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  return findingsOf(subject, look, storeError);
}

function serverFindings(facts: ServerFacts, at: string): Finding[] {
  const { version, buddy, columnar, secondary, binlogFlush, maxPacketBytes } = facts;
  const there = (is: boolean): string => (is ? "there" : "not there");
  const major = Number.parseInt(version, 10);
  const findings: Finding[] = [
    ok("searchd", `${at} answers, up for ${facts.uptimeSeconds} s`),
    major >= triedVersion
      ? ok("version", version)
      : warning(
          "version",
          `${version} is older than the tested version`,
          `use Manticore Search ${triedVersion} or newer`,
        ),
    ok(
      "libraries",
      `Buddy is ${there(buddy)}, columnar ${there(columnar)}, secondary ${there(secondary)}; none is needed`,
    ),
    binlogFlush === 1
      ? ok("binary log", "binlog_flush = 1: acknowledged spans survive a power cut")
      : (binlogFlush === undefined ? problem : warning)("binary log", lossOf(binlogFlush), flushAdvice),
    maxPacketBytes >= enoughPacketBytes
      ? ok("packet limit", `statements of up to ${formatSize(maxPacketBytes)}`)
      : warning(
          "packet limit",
          `statements of up to ${formatSize(maxPacketBytes)}: spans that take more are refused`,
          `set max_packet_size = ${enoughPacketBytes / mebi}M or more`,
        ),
    facts.refusedConnections === 0
      ? ok("connections", `${facts.connections} open, none refused since searchd started`)
      : warning(
          "connections",
          `${facts.connections} open, ${facts.refusedConnections} refused since searchd started`,
          "raise max_connections, or lower the connections of the servers",
        ),
  ];
  return findings;
}

async function spaceFindings(
  home: Client,
  shards: readonly Client[],
  settings: Settings,
): Promise<Finding[]> {
  const { prefix } = settings;
  const holders = shards.length > 0 ? shards : [home];
  const naming = createNaming({ prefix, windows: createWindows("day") });
  const listed = await tablesFrom(home, prefix);
  if (!listed.some(({ name }) => name === naming.stopTerms)) {
    return [ok("tables", `no store with the prefix ${prefix} yet; it is made when it is used`)];
  }
  const format = await formatOf(home, naming.stopTerms);
  const length =
    format?.window ??
    lengthOf(
      listed.map(({ name }) => name.slice(prefix.length)),
      settings.window,
    ) ??
    "day";
  const own = createNaming({ prefix, windows: createWindows(length) });
  const findings: Finding[] = [];
  const seconds = await clockDifference(home, naming.stopTerms);
  findings.push(
    Math.abs(seconds) <= maxClockSeconds
      ? ok("clock", "searchd's agrees with this machine's")
      : warning(
          "clock",
          `searchd's is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead of" : "behind"} this machine's`,
          "synchronize both, so that NOW() in SQL and windows agree",
        ),
  );
  const held: TableFacts[] = [];
  for (const client of holders) {
    for (const { name, type } of await tablesFrom(client, prefix)) {
      if (type !== "rt") continue;
      try {
        held.push(await readTableFacts(client, name));
        findings.push(...(await columnFindings(client, own, name)));
      } catch (error) {
        // The table was dropped after it was listed.
        if (failureOf(error) !== "no table") throw error;
      }
    }
  }
  findings.push(...sizeFindings(own, held, length), ...strayFindings(own, listed));
  findings.push(...settingDifferences(settings, { window: length, attributes: format?.attributes }));
  if (format === undefined) {
    findings.push(
      problem(
        "format",
        `the row of ${own.stopTerms} that says how the store was made is lost`,
        "a server that opens the store writes it again; give it the same `window`",
      ),
    );
  }
  const agents = settings.shards.map(({ agent }) => agent);
  const parts = { client: home, naming: own, places: placesOf(home, shards, own), agents, listed };
  findings.push(...(await within("losses", () => lossFindings(parts))));
  return findings;
}
