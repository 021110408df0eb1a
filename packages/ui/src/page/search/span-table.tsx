import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { FoundSpan, SpanOrder } from "../api/search.js";
import { Icon } from "../kit/icons.js";
import { Text } from "../kit/text.js";
import { VirtualList } from "../kit/virtual-list.js";
import { t } from "../words/words.js";
import type { Found, Pager } from "./pager.js";
import { SpanRow } from "./span-row.js";
import type { SearchState } from "./state.js";
import { Foot, ResultHead } from "./trace-list.js";

interface SpanTableProps {
  readonly pager: Pager<FoundSpan>;
  readonly found: Found<FoundSpan>;
  readonly state: SearchState;
  readonly marks: readonly string[];
  readonly change: (next: Partial<SearchState>) => void;
}

/** A table of found spans, with chosen attributes as columns. */
export function SpanTable({ pager, found, state, marks, change }: SpanTableProps): JSX.Element {
  const { order, columns, q } = state;
  const sorted = (field: SpanOrder["field"]): JSX.Element => (
    <SortButton field={field} order={order} change={(next) => change({ order: next })} />
  );
  return (
    <section class="results" aria-label={t("results")}>
      <div class="result-line">
        <ResultHead found={found} word={found.hasMore ? "spansSoFar" : "spansFound"} />
        <AddColumn
          spans={found.items}
          columns={columns}
          add={(key) => change({ columns: [...columns, key] })}
        />
      </div>
      <div class="span-head">
        <span>{t("service")}</span>
        <span>{t("operation")}</span>
        {columns.map((key) => (
          <span key={key} class="extra">
            <Text value={key} most={40} />
            <button
              type="button"
              class="quiet"
              aria-label={t("removeColumn", { key })}
              onClick={() => change({ columns: columns.filter((one) => one !== key) })}
            >
              <Icon name="close" />
            </button>
          </span>
        ))}
        <span class="number">{sorted("duration")}</span>
        <span class="number start">{sorted("startTime")}</span>
      </div>
      <VirtualList
        class="span-list"
        label={t("spans")}
        count={found.items.length}
        rowHeight={30}
        onEnd={pager.more}
        row={(index) => {
          const span = found.items[index] as FoundSpan;
          return <SpanRow span={span} q={q} marks={marks} columns={columns} />;
        }}
      >
        <Foot found={found} pager={pager} />
      </VirtualList>
    </section>
  );
}

interface SortButtonProps {
  readonly field: SpanOrder["field"];
  readonly order: SpanOrder;
  readonly change: (order: SpanOrder) => void;
}

function SortButton({ field, order, change }: SortButtonProps): JSX.Element {
  const isThis = order.field === field;
  const isDown = order.direction === "desc";
  return (
    <button
      type="button"
      class="quiet"
      aria-label={t(isThis && isDown ? "sortUp" : "sortDown", { field: t(field) })}
      onClick={() => change({ field, direction: isThis && isDown ? "asc" : "desc" })}
    >
      {t(field)} {isThis && <Icon name={isDown ? "down" : "up"} />}
    </button>
  );
}

interface AddColumnProps {
  readonly spans: readonly FoundSpan[];
  readonly columns: readonly string[];
  readonly add: (key: string) => void;
}

function AddColumn({ spans, columns, add }: AddColumnProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const keys = isOpen ? keysOf(spans).filter((key) => !columns.includes(key)) : [];
  return (
    <select
      aria-label={t("addColumn")}
      value=""
      onFocus={() => setOpen(true)}
      onMouseDown={() => setOpen(true)}
      onChange={(event) => add(event.currentTarget.value)}
    >
      <option value="">{t("addColumn")}</option>
      {keys.map((key) => (
        <option key={key} value={key}>
          {key}
        </option>
      ))}
    </select>
  );
}

function keysOf(spans: readonly FoundSpan[]): readonly string[] {
  const keys = new Set<string>();
  for (const { attributes } of spans.slice(0, 200)) for (const key of attributes.keys()) keys.add(key);
  return [...keys].sort();
}
