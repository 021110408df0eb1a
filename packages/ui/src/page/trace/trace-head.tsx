import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { loadTraceJson } from "../api/trace.js";
import { route, routeTo } from "../app/route.js";
import { colourOf } from "../kit/colours.js";
import { CopyButton } from "../kit/copy.js";
import { Icon } from "../kit/icons.js";
import { Text } from "../kit/text.js";
import { formatCount, formatDuration, formatTime } from "../time/format.js";
import { t } from "../words/words.js";
import type { LoadedTrace } from "./load.js";
import { serviceOf } from "./model/clock-skew.js";

export type Tab = "timeline" | "logs";

interface TraceHeadProps {
  readonly trace: LoadedTrace;
  readonly tab: Tab;
  readonly setTab: (tab: Tab) => void;
  readonly showsCritical: boolean;
  readonly setShowsCritical: (shows: boolean) => void;
  readonly find: {
    readonly text: string;
    readonly setText: (text: string) => void;
    readonly count: number;
    readonly next: (step: 1 | -1) => void;
  };
  readonly fold: (isClosed: boolean) => void;
}

/** The summary of the trace, and the controls of its view. */
export function TraceHead(props: TraceHeadProps): JSX.Element {
  const { trace, tab, setTab, showsCritical, setShowsCritical, find, fold } = props;
  const { model, tree, skews, traceId } = trace;
  const root = tree.order[0] ?? 0;
  const services = useMemo(() => servicesOf(trace), [trace]);
  const errors = useMemo(() => model.isError.filter(Boolean).length, [model]);
  const q = route.value.query.get("q") ?? "";
  return (
    <div class="trace-head">
      <div class="trace-title">
        <a class="back" href={routeTo("search", [], { q })} aria-label={t("backToSearch")}>
          <Icon name="left" />
        </a>
        <h1>
          <Text value={serviceOf(model, root)} />{" "}
          <span class="light">
            <Text value={model.names[root] ?? ""} />
          </span>
        </h1>
        <code class="trace-id">{traceId}</code>
        <a class="tool" href={routeTo("compare", [traceId, ""])}>
          <Icon name="compare" /> {t("compareWith")}
        </a>
        <CopyButton name={t("copyId")} text={() => traceId} />
        <CopyButton name={t("copyJson")} text={() => loadTraceJson(traceId)} word="JSON" />
      </div>
      <dl class="facts">
        <Fact name={t("startTime")} value={formatTime(model.base)} />
        <Fact name={t("duration")} value={formatDuration(model.length)} />
        <Fact name={t("spans")} value={formatCount(model.count)} />
        <Fact name={t("services")} value={formatCount(services.length)} />
        <Fact name={t("errors")} value={formatCount(errors)} isError={errors > 0} />
        {tree.orphans > 0 && <Fact name={t("orphans")} value={formatCount(tree.orphans)} />}
      </dl>
      <div class="chips">
        {services.slice(0, 12).map(([name, count]) => (
          <span key={name} class={`chip ${colourOf(name)}`}>
            <Text value={name} most={60} /> <small>{formatCount(count)}</small>
          </span>
        ))}
        {services.length > 12 && <small>+{services.length - 12}</small>}
      </div>
      {skews[0] !== undefined && (
        <p class="note">
          {t("clockSkew", {
            child: skews[0].child,
            parent: skews[0].parent,
            time: formatDuration(skews[0].nanos),
            count: skews[0].spans,
          })}
          {skews.length > 1 && ` ${t("clockSkewMore", { count: skews.length - 1 })}`}
        </p>
      )}
      <div class="trace-tools">
        <div class="segments" role="tablist" aria-label={t("views")}>
          {(["timeline", "logs"] as const).map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              aria-selected={tab === name}
              onClick={() => setTab(name)}
            >
              {t(name)}
            </button>
          ))}
        </div>
        <search class="trace-find">
          <input
            type="search"
            aria-label={t("findInTrace")}
            placeholder={t("findInTrace")}
            value={find.text}
            onInput={(event) => find.setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter") find.next(event.shiftKey ? -1 : 1);
              if (event.key === "Escape") event.currentTarget.blur();
            }}
          />
          <output>{find.text !== "" && t("foundSpans", { count: formatCount(find.count) })}</output>
        </search>
        <label class="check">
          <input
            type="checkbox"
            checked={showsCritical}
            onChange={(event) => setShowsCritical(event.currentTarget.checked)}
          />
          {t("criticalPath")}
        </label>
        <button type="button" onClick={() => fold(true)}>
          {t("collapseAll")}
        </button>
        <button type="button" onClick={() => fold(false)}>
          {t("expandAll")}
        </button>
        <span class="hint keys">{t("traceKeys")}</span>
      </div>
    </div>
  );
}

function Fact(props: {
  readonly name: string;
  readonly value: string;
  readonly isError?: boolean;
}): JSX.Element {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd class={props.isError ? "error" : ""}>{props.value}</dd>
    </div>
  );
}

/** Services with the numbers of their spans, largest first. */
function servicesOf({ model }: LoadedTrace): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (let span = 0; span < model.count; span++) {
    const service = serviceOf(model, span);
    counts.set(service, (counts.get(service) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}
