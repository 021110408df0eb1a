import type { JSX } from "preact";
import { formatInput, parseInput } from "../time/format.js";
import { t } from "../words/words.js";
import { type Preset, presets, rangeOf, type TimeChoice } from "./state.js";

interface TimeRangeProps {
  readonly time: TimeChoice;
  readonly change: (time: TimeChoice) => void;
}

/** The choice of a preset or of two times. */
export function TimeRange({ time, change }: TimeRangeProps): JSX.Element {
  const isPreset = "last" in time;
  const input = (end: "from" | "to"): JSX.Element | null =>
    isPreset ? null : (
      <input
        type="datetime-local"
        step="1"
        aria-label={t(end)}
        value={formatInput(time[end])}
        onChange={(event) => {
          const millis = parseInput(event.currentTarget.value);
          if (millis !== undefined) change({ ...time, [end]: millis });
        }}
      />
    );
  return (
    <div class="time-range">
      <select
        aria-label={t("time")}
        value={isPreset ? time.last : "custom"}
        onChange={(event) => {
          const { value } = event.currentTarget;
          change(value === "custom" ? rangeOf(time, Date.now()) : { last: value as Preset });
        }}
      >
        {presets.map((preset) => (
          <option key={preset} value={preset}>
            {t("last", { time: preset })}
          </option>
        ))}
        <option value="custom">{t("between")}</option>
      </select>
      {input("from")}
      {input("to")}
    </div>
  );
}
