import "../styles/pages.css";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { go, route, routeTo } from "../app/route.js";
import { colourOf } from "../kit/colours.js";
import { Problem } from "../kit/problem.js";
import { Text } from "../kit/text.js";
import { useLoaded } from "../kit/use-loaded.js";
import { VirtualList } from "../kit/virtual-list.js";
import { traceIdIn } from "../search/state.js";
import { formatCount, formatDuration, formatTime } from "../time/format.js";
import { type LoadedTrace, openTrace } from "../trace/load.js";
import { t } from "../words/words.js";
import { type Amount, type DiffRow, diffOf } from "./diff.js";

/** Compares two traces: the spans that only one has, and those that took longer. */
export function CompareView(): JSX.Element {
  const [left = "", right = ""] = route.value.parts;
  return (
    <div class="compare">
      <div class="page-head">
        <h1>{t("compare")}</h1>
        <Ids key={`${left} ${right}`} left={left} right={right} />
      </div>
      {traceIdIn(left) !== undefined && traceIdIn(right) !== undefined ? (
        <Both left={left} right={right} />
      ) : (
        <p class="nothing">{t("compareHint")}</p>
      )}
    </div>
  );
}

function Ids({ left, right }: { readonly left: string; readonly right: string }): JSX.Element {
  const [ids, setIds] = useState({ left, right });
  const field = (side: "left" | "right"): JSX.Element => (
    <input
      class="mono"
      aria-label={t(side)}
      placeholder={t("traceId")}
      value={ids[side]}
      onInput={(event) => setIds({ ...ids, [side]: event.currentTarget.value.trim() })}
    />
  );
  return (
    <form
      class="ids"
      onSubmit={(event) => {
        event.preventDefault();
        go(routeTo("compare", [ids.left, ids.right]));
      }}
    >
      {field("left")}
      <button
        type="button"
        aria-label={t("swap")}
        onClick={() => go(routeTo("compare", [ids.right, ids.left]))}
      >
        ⇄
      </button>
      {field("right")}
      <button type="submit" class="primary">
        {t("compare")}
      </button>
    </form>
  );
}

function Both({ left, right }: { readonly left: string; readonly right: string }): JSX.Element {
  const { value, error, retry } = useLoaded(
    (signal) => Promise.all([openTrace(left, signal), openTrace(right, signal)]),
    [left, right],
  );
  const rows = useMemo(() => (value === undefined ? [] : diffOf(value[0], value[1])), [value]);
  const [isOnlyDifferent, setOnlyDifferent] = useState(false);
  if (error !== undefined) return <Problem error={error} retry={retry} />;
  if (value === undefined) return <p class="waiting">{t("loading")}</p>;
  const shown = isOnlyDifferent ? rows.filter(({ left: a, right: b }) => a.count !== b.count) : rows;
  return (
    <>
      <div class="compare-head">
        <label class="check">
          <input
            type="checkbox"
            checked={isOnlyDifferent}
            onChange={(event) => setOnlyDifferent(event.currentTarget.checked)}
          />
          {t("onlyDifferences")}
        </label>
        <Side trace={value[0]} />
        <Side trace={value[1]} />
        <span class="number">{t("difference")}</span>
      </div>
      <VirtualList
        class="compare-rows"
        label={t("compare")}
        count={shown.length}
        rowHeight={28}
        row={(index) => <Row row={shown[index] as DiffRow} />}
      />
    </>
  );
}

function Side({ trace: { model, traceId } }: { readonly trace: LoadedTrace }): JSX.Element {
  return (
    <a class="number" href={routeTo("trace", [traceId])}>
      {formatTime(model.base)} · {formatDuration(model.length)}
    </a>
  );
}

function Row({ row }: { readonly row: DiffRow }): JSX.Element {
  const { depth, service, name, left, right } = row;
  const kind = left.count === 0 ? "only-right" : right.count === 0 ? "only-left" : "";
  const difference = right.nanos - left.nanos;
  return (
    <div class={`compare-row ${kind}`}>
      <span class="dotted" style={{ paddingInlineStart: `${depth * 14}px` }}>
        <span class={`dot ${colourOf(service)}`} aria-hidden="true" />
        <strong>
          <Text value={service} most={60} />
        </strong>
        <Text value={name} most={160} />
      </span>
      <span class="number">{textOf(left)}</span>
      <span class="number">{textOf(right)}</span>
      <span class={`number ${difference > 0 ? "longer" : "shorter"}`}>
        {kind === ""
          ? `${difference > 0 ? "+" : ""}${formatDuration(difference)}`
          : t(kind === "only-left" ? "onlyLeft" : "onlyRight")}
      </span>
    </div>
  );
}

function textOf({ count, nanos }: Amount): string {
  if (count === 0) return "–";
  return `${count > 1 ? `${formatCount(count)} × ` : ""}${formatDuration(nanos / count)}`;
}
