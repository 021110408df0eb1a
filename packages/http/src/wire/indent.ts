const indentation = "    ";

/** Indents streamed JSON without spaces, as Jaeger's `prettyPrint` does. */
export function createIndenter(): (text: string) => string {
  let depth = 0;
  let inString = false;
  let isEscaped = false;
  /** True directly after an opening bracket. */
  let opened = false;
  return (text) => {
    let out = "";
    for (const char of text) {
      if (inString) {
        out += char;
        if (isEscaped) isEscaped = false;
        else if (char === "\\") isEscaped = true;
        else if (char === '"') inString = false;
        continue;
      }
      const closes = char === "}" || char === "]";
      if (closes) depth--;
      if (opened ? !closes : closes) out += `\n${indentation.repeat(depth)}`;
      opened = char === "{" || char === "[";
      if (opened) depth++;
      if (char === '"') inString = true;
      out += char;
      if (char === ",") out += `\n${indentation.repeat(depth)}`;
      else if (char === ":") out += " ";
    }
    return out;
  };
}
