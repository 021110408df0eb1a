import { SpanKind } from "@spanstore/core";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { routeTo } from "../app/route.js";
import { colourOf } from "../kit/colours.js";
import { CopyButton } from "../kit/copy.js";
import { Icon } from "../kit/icons.js";
import { Text } from "../kit/text.js";
import { formatDuration, formatTime } from "../time/format.js";
import { t, type WordKey } from "../words/words.js";
import { Attributes } from "./attributes.js";
import type { LoadedTrace } from "./load.js";
import { serviceOf } from "./model/clock-skew.js";
import { detailsOf } from "./model/details.js";

interface SpanPanelProps {
  readonly trace: LoadedTrace;
  readonly span: number;
  readonly q: string;
  readonly marks: readonly string[];
  readonly close: () => void;
  readonly select: (span: number) => void;
}

const kinds = Object.fromEntries(Object.entries(SpanKind).map(([word, number]) => [number, word]));

/** All data of one span. */
export function SpanPanel({ trace, span, q, marks, close, select }: SpanPanelProps): JSX.Element {
  const { model, tree } = trace;
  const { span: own, resource, scope } = useMemo(() => detailsOf(model, span), [model, span]);
  const service = serviceOf(model, span);
  const attributesOf = { q, marks } as const;
  const parent = tree.parent[span] as number;
  return (
    <aside class="panel" aria-label={t("spanDetails")}>
      <div class="panel-head">
        <span class={`dot ${colourOf(service)}`} aria-hidden="true" />
        <h2>
          <Text value={service} marks={marks} />{" "}
          <span class="light">
            <Text value={own.name} marks={marks} most={1000} />
          </span>
        </h2>
        <button type="button" class="quiet" aria-label={t("close")} onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div class="panel-body">
        {own.status?.code === 2 && (
          <p class="status-error">
            <Icon name="error" /> <Text value={own.status.message || t("error")} marks={marks} most={4000} />
          </p>
        )}
        <dl class="facts">
          <Fact name="duration">
            {formatDuration((model.end[span] as number) - (model.start[span] as number))}
          </Fact>
          <Fact name="ownTime">{formatDuration(ownTimeOf(trace, span))}</Fact>
          <Fact name="after">{formatDuration(model.start[span] as number)}</Fact>
          <Fact name="kind">{kinds[own.kind ?? 0] ?? String(own.kind)}</Fact>
        </dl>
        <dl class="facts">
          <Fact name="startTime">{formatTime(own.startTimeUnixNano, { digits: 9 })}</Fact>
          <Fact name="spanId">
            <code>{model.ids[span]}</code>{" "}
            <CopyButton name={t("copyId")} text={() => model.ids[span] ?? ""} />
          </Fact>
          {model.parentIds[span] !== "" && (
            <Fact name="parent">
              {parent < 0 ? (
                <code>{model.parentIds[span]}</code>
              ) : (
                <button type="button" class="link" onClick={() => select(parent)}>
                  <Text value={model.names[parent] as string} most={60} />
                </button>
              )}
            </Fact>
          )}
          {own.traceState ? <Fact name="traceState">{own.traceState}</Fact> : null}
        </dl>
        <Attributes title={t("spanAttributes")} level="span" list={own.attributes} {...attributesOf} isOpen />
        {(own.events ?? []).map((event, i) => (
          <Attributes
            key={`event ${i}`}
            title={
              <>
                <span class="level">{t("event")}</span> <Text value={event.name} marks={marks} />{" "}
                <small>+{formatDuration(event.timeUnixNano - own.startTimeUnixNano)}</small>
              </>
            }
            level="event"
            list={event.attributes}
            {...attributesOf}
            isOpen={i < 5}
          />
        ))}
        {(own.links ?? []).map((link, i) => (
          <Attributes
            key={`link ${i}`}
            title={
              <>
                <span class="level">{t("link")}</span>{" "}
                <a href={routeTo("trace", [link.traceId], { span: link.spanId })}>
                  <code>{link.traceId}</code>
                </a>
              </>
            }
            level="link"
            list={link.attributes}
            {...attributesOf}
            isOpen={i < 5}
          />
        ))}
        <Attributes
          title={t("resource")}
          level="resource"
          list={resource?.attributes}
          {...attributesOf}
          isOpen
        />
        <Attributes
          title={
            <>
              {t("scope")}{" "}
              <Text value={[scope?.name, scope?.version].filter(Boolean).join(" ")} marks={marks} />
            </>
          }
          level="scope"
          list={scope?.attributes}
          {...attributesOf}
          isOpen
        />
      </div>
    </aside>
  );
}

function Fact(props: { readonly name: WordKey; readonly children: preact.ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{t(props.name)}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

/** The time of a span in which none of its children ran. */
function ownTimeOf({ model, tree }: LoadedTrace, span: number): number {
  const begin = model.start[span] as number;
  const end = model.end[span] as number;
  let own = 0;
  let covered = begin;
  for (const child of tree.children[span] ?? []) {
    const from = Math.min(end, Math.max(covered, model.start[child] as number));
    own += Math.max(0, from - covered);
    covered = Math.max(covered, Math.min(end, model.end[child] as number));
  }
  return own + Math.max(0, end - covered);
}
