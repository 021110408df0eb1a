import type { TraceQlCompletion } from "@spanstore/core";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { shownText } from "../kit/text.js";
import { t, type WordKey } from "../words/words.js";

interface CandidatesProps {
  readonly candidates: TraceQlCompletion["candidates"];
  readonly chosen: number;
  readonly take: (index: number) => void;
}

const kinds: Readonly<Record<string, WordKey>> = {
  field: "kindField",
  level: "kindLevel",
  attribute: "kindAttribute",
  value: "kindValue",
  operator: "kindOperator",
  function: "kindFunction",
  punctuation: "kindPunctuation",
};

/** The list of possible continuations of the filter line. */
export function Candidates({ candidates, chosen, take }: CandidatesProps): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[chosen]?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    <div ref={list} id="candidates" class="candidates" role="listbox" aria-label={t("candidates")}>
      {candidates.map(({ text, kind }, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus, and names the chosen one
        // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the field's
        <div
          key={`${kind} ${text}`}
          id={`candidate-${index}`}
          role="option"
          aria-selected={index === chosen}
          class={`candidate candidate-${kind}`}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => take(index)}
        >
          <code>{shownText(text)}</code>
          <span>{t(kinds[kind] ?? "kindValue")}</span>
        </div>
      ))}
    </div>
  );
}
