import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../words/words.js";
import { FilterLine } from "./filter-line.js";
import { PlainForm } from "./plain-form.js";
import type { SearchState } from "./state.js";
import { TimeRange } from "./time-range.js";

interface FilterBarProps {
  readonly state: SearchState;
  readonly change: (next: Partial<SearchState>) => void;
}

/** The filter as a line or a form, beside the time range and the choice of traces or spans. */
export function FilterBar({ state, change }: FilterBarProps): JSX.Element {
  const [text, setText] = useState(state.q);
  // Going back in the history changes the filter.
  useEffect(() => setText(state.q), [state.q]);
  const [isForm, setForm] = useState(false);
  return (
    <search class="filter-bar">
      <div class="filter-row">
        <FilterLine text={text} setText={setText} run={(q) => change({ q })} />
        <TimeRange time={state.time} change={(time) => change({ time, q: text })} />
        <fieldset class="segments" aria-label={t("find")}>
          {(["traces", "spans"] as const).map((find) => (
            <button
              key={find}
              type="button"
              aria-pressed={state.find === find}
              onClick={() => change({ find, q: text })}
            >
              {t(find)}
            </button>
          ))}
        </fieldset>
        <button
          type="button"
          aria-expanded={isForm}
          aria-controls="plain-form"
          onClick={() => setForm(!isForm)}
        >
          {t("form")}
        </button>
        <button type="button" class="primary" onClick={() => change({ q: text })}>
          {t("run")}
        </button>
      </div>
      {isForm && <PlainForm text={text} run={(q) => change({ q })} setText={setText} />}
    </search>
  );
}
