/** The label for an element of `by`: an attribute without its level, with underscores for characters that labels cannot have. */
export function labelNameOf(by: string): string {
  const key = by.replace(/^(?:span|resource)?\./, "").replaceAll('"', "");
  return key.replaceAll(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d)/, "_");
}

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** The names in `{{ … }}` of a text. */
export function placeholdersOf(text: string): string[] {
  return [...text.matchAll(placeholder)].map(([, name = ""]) => name);
}

/** The text with values in place of its placeholders. */
export function filledIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(placeholder, (_whole, name: string) => values[name] ?? "");
}
