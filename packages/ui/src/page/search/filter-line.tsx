import type { TraceQlCompletion } from "@spanstore/core";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { loadLanguage } from "../filter/load.js";
import type { Fault } from "../filter/texts.js";
import { Icon } from "../kit/icons.js";
import { t } from "../words/words.js";
import { Candidates } from "./candidates.js";
import { traceIdIn, wholeFilter } from "./state.js";

interface FilterLineProps {
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly run: (text: string) => void;
}

/** An input for TraceQL with completion and messages for faults. */
export function FilterLine({ text, setText, run }: FilterLineProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [completion, setCompletion] = useState<TraceQlCompletion>();
  const [chosen, setChosen] = useState(-1);
  const [fault, setFault] = useState<Fault>();
  const asked = useRef(0);
  const candidates = completion?.candidates.slice(0, 60) ?? [];
  const close = (): void => {
    asked.current++;
    setCompletion(undefined);
    setChosen(-1);
  };

  const complete = async (value: string, offset: number): Promise<void> => {
    asked.current++;
    const turn = asked.current;
    const { completeFilter } = await loadLanguage();
    await completeFilter(value, offset, (next) => {
      if (turn !== asked.current) return;
      setCompletion(next);
      setChosen(-1);
    });
  };
  const take = (index: number): void => {
    const candidate = candidates[index];
    if (completion === undefined || candidate === undefined) return;
    const after = text.slice(completion.to);
    const space =
      candidate.kind === "level" || candidate.kind === "function" || after.startsWith(" ") ? "" : " ";
    const head = text.slice(0, completion.from) + candidate.text + space;
    setText(head + after);
    setFault(undefined);
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(head.length, head.length);
      complete(head + after, head.length).catch(close);
    });
  };
  const check = async (): Promise<void> => {
    close();
    if (traceIdIn(text) !== undefined) return run(text);
    const { faultOf } = await loadLanguage();
    const found = faultOf(wholeFilter(text));
    setFault(found);
    if (found === undefined) run(text);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && candidates.length > 0) {
      event.preventDefault();
      setChosen((chosen + step + candidates.length + (chosen < 0 && step < 0 ? 1 : 0)) % candidates.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) {
      event.preventDefault();
      take(chosen);
    } else if (event.key === "Enter") {
      event.preventDefault();
      check().catch(() => run(text));
    } else if (event.key === "Escape") {
      if (completion === undefined) input.current?.blur();
      close();
    }
  };
  useEffect(() => focusedBySlash(input), []);

  return (
    <div class="filter-line">
      <Icon name="search" />
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label={t("filter")}
        aria-expanded={candidates.length > 0}
        aria-controls="candidates"
        aria-autocomplete="list"
        aria-activedescendant={chosen < 0 ? undefined : `candidate-${chosen}`}
        aria-invalid={fault !== undefined}
        placeholder={t("filterExample")}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          const { value, selectionStart } = event.currentTarget;
          setText(value);
          setFault(undefined);
          complete(value, selectionStart ?? value.length).catch(close);
        }}
        onClick={(event) => {
          const { value, selectionStart } = event.currentTarget;
          complete(value, selectionStart ?? value.length).catch(close);
        }}
        onKeyDown={onKeyDown}
        onBlur={close}
      />
      {candidates.length > 0 && <Candidates candidates={candidates} chosen={chosen} take={take} />}
      {fault !== undefined && (
        <div class="fault" role="alert">
          <pre>{fault.message}</pre>
          {fault.hint !== undefined && <p>{fault.hint}</p>}
        </div>
      )}
    </div>
  );
}

function focusedBySlash(input: { readonly current: HTMLInputElement | null }): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey) return;
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
    event.preventDefault();
    input.current?.focus();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
