/** The worker thread: inserters of all namespaces, with their own connections. */
import { parentPort, workerData } from "node:worker_threads";
import { errorToData } from "@spanstore/core/engine";
import { openClients } from "../connection/clients.js";
import { contentId } from "../schema/ids.js";
import { createNaming } from "../schema/naming.js";
import { placesOf } from "../schema/places.js";
import { createWindows } from "../schema/windows.js";
import { createStopTerms } from "../terms/stop-terms.js";
import type { Request, Response, Space, ThreadOptions } from "./insert-thread-protocol.js";
import { createInserter, type Inserter } from "./inserter.js";

if (parentPort === null) throw new Error("this file is run as a worker thread");
const port = parentPort;
const { settings, tuning: numbers } = workerData as ThreadOptions;
const tuning = { ...numbers, idOf: contentId };
const { home, shards } = openClients(settings);
const inserters = new Map<string, Inserter>();

function inserterOf(space: Space): Inserter {
  const key = `${space.place} ${space.window} ${space.prefix}`;
  const known = inserters.get(key);
  if (known !== undefined) return known;
  const whole = createNaming({
    prefix: space.prefix,
    windows: createWindows(space.window),
    cluster: settings.cluster,
    attributes: settings.attributes,
  });
  const place = placesOf(home, shards, whole)[space.place];
  if (place === undefined) throw new Error("a space has fewer places than it was asked for");
  const inserter = createInserter({
    ...place,
    home,
    stopTerms: createStopTerms(home, whole, tuning),
    tuning,
  });
  inserters.set(key, inserter);
  return inserter;
}

async function answer(request: Exclude<Request, { kind: "release" }>): Promise<Response> {
  const { call, space } = request;
  try {
    const inserter = inserterOf(space);
    if (request.kind === "insert") {
      const { group, requests, turn } = request;
      return { call, value: await inserter.insert(group, requests, turn) };
    }
    const { group, encoded, ends, watched } = request;
    const requests = ends.map((end, i) => ({
      encoded: encoded.subarray(ends[i - 1] ?? 0, end),
      watched: watched[i],
    }));
    return { call, value: await inserter.prepare(group, requests) };
  } catch (error) {
    return { call, error: errorToData(error) };
  }
}

port.on("message", (request: Request) => {
  if (request.kind === "release") inserterOf(request.space).release(request.group);
  else void answer(request).then((response) => port.postMessage(response));
});
