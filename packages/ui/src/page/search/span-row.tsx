import type { JSX } from "preact";
import type { FoundSpan } from "../api/search.js";
import { routeTo } from "../app/route.js";
import { colourOf } from "../kit/colours.js";
import { Icon } from "../kit/icons.js";
import { Text } from "../kit/text.js";
import { formatDuration, formatTime } from "../time/format.js";
import { t } from "../words/words.js";
import { textOfValue } from "./any-text.js";

interface SpanRowProps {
  readonly span: FoundSpan;
  readonly q: string;
  readonly marks: readonly string[];
  /** Keys of attributes. */
  readonly columns: readonly string[];
}

/** A span in a list, with a link to its trace. */
export function SpanRow({ span, q, marks, columns }: SpanRowProps): JSX.Element {
  return (
    <a class="span-row" href={routeTo("trace", [span.traceId], { span: span.spanId, q })}>
      <span class="dotted">
        <span class={`dot ${colourOf(span.service)}`} aria-hidden="true" />
        <Text value={span.service} marks={marks} most={60} />
      </span>
      <span>
        {span.isError && (
          <span class="error" title={t("error")}>
            <Icon name="error" />
          </span>
        )}
        <Text value={span.name} marks={marks} />
      </span>
      {columns.map((key) => (
        <span key={key} class="extra">
          <Text value={textOfValue(span.attributes.get(key))} marks={marks} most={120} />
        </span>
      ))}
      <span class="number">{formatDuration(span.endTimeUnixNano - span.startTimeUnixNano)}</span>
      <time class="number start">{formatTime(span.startTimeUnixNano)}</time>
    </a>
  );
}
