import "../styles/pages.css";
import { formatSize } from "@spanstore/core/text";
import type { JSX } from "preact";
import { loadAbout } from "../api/server.js";
import { Problem } from "../kit/problem.js";
import { useLoaded } from "../kit/use-loaded.js";
import { formatDuration } from "../time/format.js";
import { t, type WordKey } from "../words/words.js";

/** Facts about the server, and the diagnosis of its backend. */
export function AboutView(): JSX.Element {
  const { value, error, retry } = useLoaded(loadAbout, []);
  if (error !== undefined) return <Problem error={error} retry={retry} />;
  if (value === undefined) return <p class="waiting">{t("loading")}</p>;
  const { engine, version, health, bytes, retentionMs, findings = [] } = value;
  return (
    <div class="page narrow">
      <div class="page-head">
        <h1>spanstore {version}</h1>
      </div>
      <dl class="cards">
        <Card name="backend">{engine}</Card>
        <Card name="health">
          <span class={health.ok ? "level-ok" : "level-problem"}>
            {health.ok ? t("healthy") : health.message}
          </span>
        </Card>
        {bytes !== undefined && <Card name="size">{formatSize(bytes)}</Card>}
        {retentionMs !== undefined && (
          <Card name="retention">
            {retentionMs === null ? t("forEver") : formatDuration(retentionMs * 1e6)}
          </Card>
        )}
      </dl>
      {findings.length > 0 && (
        <section aria-label={t("findings")}>
          <h2>{t("findings")}</h2>
          <ul class="findings">
            {findings.map(({ level, subject, text, advice }) => (
              <li key={`${subject} ${text}`}>
                <span class={`level level-${level}`}>{t(levels[level])}</span>
                <strong>{subject}</strong>
                <span>
                  {text}
                  {advice !== undefined && <em> {advice}</em>}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <p class="hint">{t("aboutHint")}</p>
    </div>
  );
}

const levels = { ok: "levelOk", warning: "levelWarning", problem: "levelProblem" } as const;

function Card(props: { readonly name: WordKey; readonly children: preact.ComponentChildren }): JSX.Element {
  return (
    <div class="card">
      <dt>{t(props.name)}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
