export interface StreamEvent {
  readonly name: string;
  readonly data: string;
}

/** Parses server-sent events from a text in pieces, and skips comments. */
export function createEventParser(): (piece: string) => readonly StreamEvent[] {
  let rest = "";
  return (piece) => {
    const blocks = (rest + piece).split("\n\n");
    rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => {
      let name = "message";
      const data: string[] = [];
      for (const line of block.split("\n")) {
        const [, field, value = ""] = /^(\w+): ?(.*)$/.exec(line) ?? [];
        if (field === "event") name = value;
        if (field === "data") data.push(value);
      }
      return data.length === 0 ? [] : [{ name, data: data.join("\n") }];
    });
  };
}
