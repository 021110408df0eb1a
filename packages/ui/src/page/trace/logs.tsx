import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { colourOf } from "../kit/colours.js";
import { Text } from "../kit/text.js";
import { VirtualList } from "../kit/virtual-list.js";
import { formatDuration } from "../time/format.js";
import { t } from "../words/words.js";
import type { LoadedTrace } from "./load.js";
import { serviceOf } from "./model/clock-skew.js";
import { detailsOf, textOf } from "./model/details.js";

interface LogsProps {
  readonly trace: LoadedTrace;
  readonly marks: readonly string[];
  readonly select: (span: number) => void;
}

interface Entry {
  readonly span: number;
  readonly after: number;
  readonly name: string;
  readonly text: string;
}

/** The events of all spans in one list, sorted by time. */
export function Logs({ trace, marks, select }: LogsProps): JSX.Element {
  const entries = useMemo(() => entriesOf(trace), [trace]);
  if (entries.length === 0) return <p class="nothing">{t("noEvents")}</p>;
  return (
    <VirtualList
      class="logs"
      label={t("logs")}
      count={entries.length}
      rowHeight={28}
      row={(index) => {
        const { span, after, name, text } = entries[index] as Entry;
        const service = serviceOf(trace.model, span);
        return (
          <button type="button" class="log row" onClick={() => select(span)}>
            <span class="number">{formatDuration(after)}</span>
            <span class="dotted">
              <span class={`dot ${colourOf(service)}`} aria-hidden="true" />
              <Text value={service} most={60} />
            </span>
            <strong>
              <Text value={name} marks={marks} most={100} />
            </strong>
            <code>
              <Text value={text} marks={marks} />
            </code>
          </button>
        );
      }}
    />
  );
}

/** The most events in the list. */
const mostEntries = 50_000;

function entriesOf({ model }: LoadedTrace): readonly Entry[] {
  const entries: Entry[] = [];
  for (let span = 0; span < model.count && entries.length < mostEntries; span++) {
    if (!model.hasEvents[span]) continue;
    for (const { timeUnixNano, name, attributes = [] } of detailsOf(model, span).span.events ?? []) {
      const text = attributes.map(({ key, value }) => `${key}=${textOf(value).slice(0, 200)}`).join("  ");
      entries.push({ span, after: Number(timeUnixNano - model.base), name, text });
    }
  }
  return entries.sort((a, b) => a.after - b.after);
}
