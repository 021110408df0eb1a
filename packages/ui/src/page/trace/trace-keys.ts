import { isWriting } from "../search/list-keys.js";

interface TraceKeys {
  readonly move: (step: number) => void;
  readonly open: () => void;
  readonly close: () => void;
  readonly fold: (isClosed: boolean) => void;
}

/** Binds the keys of a trace: j and k move, enter opens, esc closes, the arrows fold, / searches. @returns a function that ends it. */
export function traceKeys({ move, open, close, fold }: TraceKeys): () => void {
  const actions: Readonly<Record<string, () => void>> = {
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    PageDown: () => move(20),
    PageUp: () => move(-20),
    Home: () => move(Number.NEGATIVE_INFINITY),
    End: () => move(Number.POSITIVE_INFINITY),
    Enter: open,
    Escape: close,
    ArrowLeft: () => fold(true),
    ArrowRight: () => fold(false),
    "/": () => document.querySelector<HTMLInputElement>(".trace-find input")?.focus(),
  };
  const onKey = (event: KeyboardEvent): void => {
    if (isWriting(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    const isLink = event.target instanceof HTMLAnchorElement || isSummary(event.target);
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : undefined;
    if (action === undefined || (isLink && event.key === "Enter")) return;
    event.preventDefault();
    action();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

function isSummary(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.localName === "summary";
}
