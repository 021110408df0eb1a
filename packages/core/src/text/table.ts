import stringWidth from "string-width";

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** Rows as aligned lines after a line of titles. Measures widths as a terminal does, where some characters take two columns. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map((column) => column.title);
  const widths = titles.map((title) => widthOf(title));
  const sized = rows.map((row) =>
    row.map((text, i) => {
      const width = widthOf(text);
      if (width > (widths[i] ?? 0)) widths[i] = width;
      return { text, width };
    }),
  );
  const line = (cells: readonly { readonly text: string; readonly width: number }[]): string =>
    columns
      .map(({ right }, i) => {
        const { text = "", width = 0 } = cells[i] ?? {};
        const padding = " ".repeat(Math.max(0, (widths[i] ?? 0) - width));
        return right ? padding + text : text + padding;
      })
      .join("  ")
      .trimEnd();
  return [line(titles.map((text) => ({ text, width: widthOf(text) }))), ...sized.map(line)];
}

/** The width of a text, with a fast path for ASCII. */
function widthOf(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : stringWidth(text);
}
