import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMemoryStore, type SpanStore, type TracesData } from "@spanstore/core";
import { stringify } from "yaml";
import { parseWatchFile, startWatcher, type Watcher, type WatchFile } from "../src/index.js";

/** A minute begins here. */
export const origin = Date.UTC(2026, 4, 3, 10);
export const minute = 60_000;

export interface CountedSpan {
  readonly service: string;
  readonly name?: string;
  readonly error?: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly duration?: number;
}

let made = 0;

export function tracesOf(...spans: readonly CountedSpan[]): TracesData {
  return {
    resourceSpans: spans.map(({ service, name = "op", error = false, at, duration = 1 }) => {
      made++;
      const start = BigInt(at) * 1_000_000n;
      return {
        resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId: made.toString(16).padStart(32, "0"),
                spanId: made.toString(16).padStart(16, "0"),
                name,
                kind: 2,
                startTimeUnixNano: start,
                endTimeUnixNano: start + BigInt(duration) * 1_000_000n,
                status: { code: error ? 2 : 0 },
              },
            ],
          },
        ],
      };
    }),
  };
}

export function fileOf(content: object): WatchFile {
  const { file, problems } = parseWatchFile(stringify(content), "w.yaml");
  if (file === undefined) throw problems?.[0];
  return file;
}

export interface PostedAlert {
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
}

/** A webhook that keeps what it is posted, and may refuse it. */
export interface Hook extends AsyncDisposable {
  readonly url: string;
  /** What was taken, as `status alertname service`. */
  readonly taken: string[];
  readonly alerts: PostedAlert[];
  /** The header of each request. */
  readonly authorizations: (string | undefined)[];
  refuses: boolean;
}

export async function startHook(): Promise<Hook> {
  const server: Server = createServer(async (request, response) => {
    hook.authorizations.push(request.headers.authorization);
    let text = "";
    for await (const part of request) text += String(part);
    if (hook.refuses) {
      response.writeHead(503).end("not now");
      return;
    }
    const { alerts } = JSON.parse(text) as { alerts: PostedAlert[] };
    for (const alert of alerts) {
      hook.alerts.push(alert);
      hook.taken.push([alert.status, alert.labels.alertname, alert.labels.service ?? "-"].join(" "));
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const hook: Hook = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    taken: [],
    alerts: [],
    authorizations: [],
    refuses: false,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return hook;
}

/** A watcher whose clock and turns the test has. */
export interface Bench extends AsyncDisposable {
  readonly store: SpanStore;
  /** Writes to it are watched. */
  readonly watched: SpanStore;
  readonly watcher: Watcher;
  readonly failures: string[];
  readonly folder: string;
  readonly now: () => number;
  /** Moves the clock, and takes a turn. */
  after(millis: number): Promise<void>;
  /** Ends the watcher as a crash does, and starts another one on its state. */
  restart(): Promise<Bench>;
}

export async function startBench(
  content: object,
  given: { store?: SpanStore; folder?: string; now?: number; failed?: (error: unknown) => void } = {},
): Promise<Bench> {
  const store = given.store ?? openMemoryStore();
  const folder = given.folder ?? mkdtempSync(join(tmpdir(), "spanstore-watch-"));
  const failures: string[] = [];
  const clock = { now: given.now ?? origin };
  const watcher = await startWatcher({
    file: fileOf(content),
    state: join(folder, "state"),
    storeOf: () => store,
    events: {
      began: () => {},
      delivered: () => {},
      failed: (what, error) => {
        failures.push(what);
        given.failed?.(error);
      },
      unasked: (fragments) => failures.push(`unasked ${fragments}`),
      full: (watch) => failures.push(`full ${watch}`),
    },
    now: () => clock.now,
    everyMillis: 0,
  });
  const bench: Bench = {
    store,
    watched: watcher.tap(store, undefined),
    watcher,
    failures,
    folder,
    now: () => clock.now,
    after: async (millis) => {
      clock.now += millis;
      await watcher.turn();
    },
    restart: () => startBench(content, { store, folder, now: clock.now }),
    async [Symbol.asyncDispose]() {
      await watcher.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return bench;
}
