/** The indentation of a flag's description. */
export const indent = " ".repeat(6);

/** The width of a narrow terminal. */
const width = 80;

/** A paragraph as indented lines of at most 80 characters. */
export function wrapped(text: string, margin = indent): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) as string;
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width - margin.length) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => margin + line).join("\n");
}
