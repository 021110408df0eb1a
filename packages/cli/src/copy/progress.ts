import type { ErrorStream } from "../calling/streams.js";
import { spanCount, timeText } from "./report.js";

const terminalMillis = 1_000;
const logMillis = 10_000;

/** Reports the progress of a copy. */
export interface Progress {
  /** The copy has reached this start. */
  reached(oldest: bigint): void;
  /** Adds to the number of spans done. */
  done(spans: number): void;
  /** Writes another line. */
  line(text: string): void;
  /** Writes the last report. */
  end(): void;
}

/** On a terminal the report overwrites its line; elsewhere it is a line every ten seconds. */
export function createProgress(stream: ErrorStream, doing: string): Progress {
  const isTerminal = stream.isTTY === true;
  const began = performance.now();
  let spans = 0;
  let oldest: bigint | undefined;
  let shown = "";
  let wasShown = false;
  const clear = (): void => {
    if (isTerminal && shown !== "") stream.write(`\r${" ".repeat(shown.length)}\r`);
    shown = "";
  };
  const show = (): void => {
    if (oldest === undefined || spans === 0) return;
    const seconds = (performance.now() - began) / 1000;
    const text = `${doing}: ${spanCount(spans)}, ${Math.round(spans / seconds).toLocaleString("en-GB")}/s, back to ${timeText(oldest)}`;
    clear();
    stream.write(isTerminal ? text : `${text}\n`);
    if (isTerminal) shown = text;
    wasShown = true;
  };
  const timer = setInterval(show, isTerminal ? terminalMillis : logMillis);
  timer.unref();
  return {
    reached(time) {
      oldest = time;
    },
    done(count) {
      spans += count;
    },
    line(text) {
      clear();
      stream.write(`${text}\n`);
    },
    end() {
      clearInterval(timer);
      if (wasShown) show();
      if (isTerminal && shown !== "") stream.write("\n");
    },
  };
}
