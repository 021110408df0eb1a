import type { Alert } from "../alerts/alert.js";
import { repeatMillis } from "../alerts/alert-book.js";
import type { Receiver } from "../file/watch-file.js";

const patienceMillis = 10_000;
/** The end time sent with a firing alert lies this many repeats ahead, as Prometheus sends it. */
const missedRepeats = 4;

/**
 * Sends alerts to a receiver: to an Alertmanager by version 2 of its API, to a webhook in the form of Alertmanager's own.
 * @throws Error with the receiver's answer.
 */
export async function send(
  { kind, url }: Receiver,
  alerts: readonly Alert[],
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const posted = alerts.map((alert) => asPosted(alert, now));
  const status = alerts.some(({ state }) => state === "firing") ? "firing" : "resolved";
  const { target, credentials } = addressOf(url, kind === "alertmanager" ? "api/v2/alerts" : "");
  const body =
    kind === "alertmanager"
      ? posted.map(({ status: _status, ...alert }) => alert)
      : { version: "4", receiver: "spanstore", status, alerts: posted };
  const answer = await fetch(target, {
    method: "POST",
    headers: { "content-type": "application/json", ...credentials },
    body: JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMillis)]),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`it answers ${answer.status}: ${text.slice(0, 200)}`);
}

/** The address without its user and password, and a header with these. @param path below the address. */
function addressOf(url: string, path: string): { target: URL; credentials: Record<string, string> } {
  const target = new URL(url);
  const { username, password } = target;
  target.username = "";
  target.password = "";
  if (path !== "") target.pathname = `${target.pathname.replace(/\/$/, "")}/${path}`;
  if (username === "") return { target, credentials: {} };
  const both = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { target, credentials: { authorization: `Basic ${Buffer.from(both).toString("base64")}` } };
}

function asPosted({ labels, annotations, link, state, startsAt, endsAt }: Alert, now: number) {
  const end = state === "firing" ? now + missedRepeats * repeatMillis : (endsAt ?? now);
  return {
    status: state === "firing" ? "firing" : "resolved",
    labels,
    annotations,
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(end).toISOString(),
    ...(link === undefined ? {} : { generatorURL: link }),
  };
}
