/** The control characters of C0 and C1, and those that change the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it finds control characters
const controls = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Makes text of a span safe for a terminal: one line, with control characters escaped. */
export function plain(text: string): string {
  return text.replace(
    controls,
    (control) => named[control] ?? `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
