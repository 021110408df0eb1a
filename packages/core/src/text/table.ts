import stringWidth from "string-width";

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** Rows as aligned lines, the titles first. Widths are those of a terminal, where some characters take two places. */
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

/** Most text is ASCII, for which nothing need be looked up. */
function widthOf(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : stringWidth(text);
}
