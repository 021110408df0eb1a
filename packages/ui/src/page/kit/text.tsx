import { plain } from "@spanstore/core/text";
import type { JSX } from "preact";

/** Invisible characters: joiners, fillers, marks of direction. */
const unseen = /[\p{Cf}\u115f\u1160\u17b4\u17b5\uffa0]|\u034f/gu;

/** The text of a span for display: on one line, with escapes for invisible characters and marks of direction. */
export function shownText(text: string): string {
  return plain(text).replace(
    unseen,
    (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, "0")}`,
  );
}

export interface TextProps {
  readonly value: string;
  /** Texts to mark. */
  readonly marks?: readonly string[];
  /** The most characters shown. Default: 300. */
  readonly most?: number;
}

export function Text({ value, marks = [], most = 300 }: TextProps): JSX.Element {
  const cut = value.length > most ? `${value.slice(0, most)}…` : value;
  return <bdi>{marked(shownText(cut), marks)}</bdi>;
}

function marked(text: string, marks: readonly string[]): JSX.Element | string {
  const found = marks.filter((mark) => mark !== "" && text.toLowerCase().includes(mark.toLowerCase()));
  if (found.length === 0) return text;
  const pattern = found.map((mark) => mark.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&")).join("|");
  return (
    <>
      {text
        .split(new RegExp(`(${pattern})`, "gi"))
        .map((part, i) => (i % 2 === 1 ? <mark key={i}>{part}</mark> : part))}
    </>
  );
}
