import "../styles/trace.css";
import "../styles/panel.css";
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { go, route, routeTo } from "../app/route.js";
import { Problem } from "../kit/problem.js";
import { useMarks } from "../search/search-view.js";
import { t } from "../words/words.js";
import { type LoadedTrace, useMatches, useTrace } from "./load.js";
import { Logs } from "./logs.js";
import { Minimap } from "./minimap.js";
import { findSpans } from "./model/find.js";
import { visibleRows } from "./model/tree.js";
import { SpanPanel } from "./span-panel.js";
import { type Tab, TraceHead } from "./trace-head.js";
import { traceKeys } from "./trace-keys.js";
import { Waterfall } from "./waterfall.js";
import type { Zoom } from "./zoom.js";

export function TraceView(): JSX.Element {
  const [traceId = ""] = route.value.parts;
  const { loaded, error, retry } = useTrace(traceId.toLowerCase());
  if (error !== undefined) return <Problem error={error} retry={retry} />;
  if (loaded === undefined) return <p class="waiting">{t("loading")}</p>;
  return <Shown key={loaded.traceId} trace={loaded} />;
}

function Shown({ trace }: { readonly trace: LoadedTrace }): JSX.Element {
  const { model, tree } = trace;
  const { query } = route.value;
  const q = query.get("q") ?? "";
  const spanId = query.get("span") ?? "";
  const [tab, setTab] = useState<Tab>("timeline");
  const [zoom, setZoom] = useState<Zoom>({ from: 0, to: model.length });
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(new Set());
  const [showsCritical, setShowsCritical] = useState(true);
  const [text, setText] = useState("");
  const [at, setShownAt] = useState(-1);
  // Keys may arrive faster than the page draws: each moves on from the last one.
  const current = useRef(-1);
  const setAt = useCallback((span: number): void => {
    current.current = span;
    setShownAt(span);
  }, []);
  const marks = useMarks(q);
  const matchIds = useMatches(trace.traceId, q);
  const selected = useMemo(() => (spanId === "" ? -1 : model.ids.indexOf(spanId)), [model, spanId]);
  const rows = useMemo(() => visibleRows(tree, collapsed), [tree, collapsed]);
  const found = useMemo(() => findSpans(model, text), [model, text]);
  const foundSet = useMemo(() => new Set(found), [found]);
  const rowOfSpan = useMemo(() => {
    const byRow = new Map<number, number>();
    for (const [index, row] of rows.entries()) byRow.set(tree.order[row] as number, index);
    return byRow;
  }, [rows, tree]);
  const select = useCallback(
    (span: number): void => {
      const id = span < 0 ? "" : model.ids[span];
      go(routeTo("trace", [trace.traceId], { q, span: id }), { replace: true });
      if (span >= 0) setAt(span);
    },
    [model, trace.traceId, q, setAt],
  );
  useEffect(() => {
    if (selected >= 0) setAt(selected);
  }, [selected, setAt]);
  const toggle = useCallback((span: number): void => {
    setCollapsed((before) => {
      const next = new Set(before);
      if (!next.delete(span)) next.add(span);
      return next;
    });
  }, []);
  const findNext = (step: 1 | -1): void => {
    const inOrder = rows.map((row) => tree.order[row] as number).filter((span) => foundSet.has(span));
    const now = inOrder.indexOf(current.current);
    const next = inOrder[(now + step + inOrder.length) % inOrder.length];
    if (next !== undefined) setAt(next);
  };
  const index = rowOfSpan.get(at);
  useEffect(
    () =>
      traceKeys({
        move: (step) => {
          const now = rowOfSpan.get(current.current) ?? -1;
          const next = rows[Math.min(rows.length - 1, Math.max(0, now + step))];
          if (next !== undefined) setAt(tree.order[next] as number);
        },
        open: () => current.current >= 0 && select(current.current),
        close: () => {
          if (selected >= 0) select(-1);
          else setZoom({ from: 0, to: model.length });
        },
        fold: (isClosed) => {
          const span = current.current;
          if (span >= 0 && collapsed.has(span) !== isClosed) toggle(span);
        },
      }),
    [rows, rowOfSpan, setAt, select, selected, collapsed, toggle, tree, model],
  );
  return (
    <div class={`trace ${selected >= 0 ? "with-panel" : ""}`}>
      <TraceHead
        trace={trace}
        tab={tab}
        setTab={setTab}
        showsCritical={showsCritical}
        setShowsCritical={setShowsCritical}
        find={{ text, setText, count: found.length, next: findNext }}
        fold={(isClosed) => setCollapsed(isClosed ? parentsOf(trace) : new Set())}
      />
      <div class="trace-body">
        {tab === "logs" ? (
          <Logs trace={trace} marks={marks} select={select} />
        ) : (
          <div class="trace-main">
            <Minimap trace={trace} zoom={zoom} setZoom={setZoom} />
            <Waterfall
              trace={trace}
              rows={rows}
              zoom={zoom}
              setZoom={setZoom}
              collapsed={collapsed}
              toggle={toggle}
              at={at}
              shown={index}
              selected={selected}
              select={select}
              showsCritical={showsCritical}
              isFound={(span) => foundSet.has(span) || matchIds.has(model.ids[span] as string)}
              marks={text === "" ? marks : [...marks, text]}
            />
          </div>
        )}
        {selected >= 0 && (
          <SpanPanel
            trace={trace}
            span={selected}
            q={q}
            marks={marks}
            close={() => select(-1)}
            select={select}
          />
        )}
      </div>
    </div>
  );
}

/** Spans below the root that have children. */
function parentsOf({ model, tree }: LoadedTrace): ReadonlySet<number> {
  const parents = new Set<number>();
  for (let span = 0; span < model.count; span++) {
    if (tree.depth[span] !== 0 && (tree.children[span]?.length ?? 0) > 0) parents.add(span);
  }
  return parents;
}
