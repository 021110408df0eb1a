import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { t } from "../words/words.js";
import { Icon } from "./icons.js";

interface CopyButtonProps {
  readonly name: string;
  readonly text: () => string | Promise<string>;
  /** A word beside the icon. */
  readonly word?: string;
}

/** Copies a text, and shows whether it could. */
export function CopyButton({ name, text, word }: CopyButtonProps): JSX.Element {
  const [said, setSaid] = useState("");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(await text());
      setSaid(t("copied"));
    } catch {
      setSaid(t("notCopied"));
    }
    setTimeout(() => setSaid(""), 2000);
  };
  return (
    <button type="button" class="quiet" title={name} aria-label={name} onClick={() => void copy()}>
      <Icon name="copy" />
      {word}
      <span role="status">{said}</span>
    </button>
  );
}
