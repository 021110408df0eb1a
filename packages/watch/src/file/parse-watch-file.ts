import { SpanStoreError } from "@spanstore/core";
import { isMap, isPair, isScalar, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { fileSchema } from "./schema.js";
import type { WatchFile } from "./watch-file.js";

/** A file of watches, or all of its problems. */
export type ParsedWatchFile =
  | { readonly file: WatchFile; readonly problems?: never }
  | { readonly file?: never; readonly problems: readonly SpanStoreError[] };

/**
 * Reads the text of a file of watches, which is YAML.
 * @param name of the file, for messages.
 * @returns problems as INVALID_OPTIONS errors with `field` and `position`.
 */
export function parseWatchFile(text: string, name: string): ParsedWatchFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fault = (message: string, offset: number, length: number, field?: string): SpanStoreError => {
    const { line, col } = lines.linePos(offset);
    return new SpanStoreError("INVALID_OPTIONS", `${name}:${line}: ${message}`, {
      field,
      position: { offset, length, line: Math.max(1, line), column: Math.max(1, col) },
    });
  };
  const [broken] = document.errors;
  if (broken !== undefined) {
    return { problems: [fault(broken.message, broken.pos[0], broken.pos[1] - broken.pos[0])] };
  }
  let given: unknown;
  try {
    given = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return { problems: [fault(error instanceof Error ? error.message : String(error), 0, 0)] };
  }
  const result = fileSchema.safeParse(given);
  if (result.success) {
    const { alertmanager, webhook, link, watches } = result.data;
    const receivers = [
      ...alertmanager.map((url) => ({ kind: "alertmanager", url }) as const),
      ...webhook.map((url) => ({ kind: "webhook", url }) as const),
    ];
    return { file: { receivers, link, watches } };
  }
  const problems = result.error.issues.flatMap(issuesOf).map(({ path, message }) => {
    const field = fieldOf(path);
    const [start, end] = rangeOf(document, path);
    const value = valueAt(given, path);
    const shown = value === undefined || typeof value === "object" ? "" : ` is ${JSON.stringify(value)}:`;
    return fault(`${field === "" ? "the file" : field}${shown} ${message}`, start, end - start, field);
  });
  return { problems };
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Splits an issue about unknown keys into one for each key. */
function issuesOf(issue: z.core.$ZodIssue): Issue[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message:
        issue.path.length === 0
          ? "is unknown; allowed are alertmanager, webhook, link, watches"
          : "is unknown; allowed are name, tenant, filter, by, labels, annotations, keep_firing, metric, over, above, below, for",
    }));
  }
  if (issue.code === "invalid_key")
    return [{ path: issue.path, message: issue.issues[0]?.message ?? issue.message }];
  const missing = issue.code === "invalid_type" && issue.message.startsWith("Invalid input");
  return [
    {
      path: issue.path,
      message: missing
        ? `must be ${issue.expected === "object" || issue.expected === "record" ? "a map" : `a ${issue.expected}`}`
        : issue.message,
    },
  ];
}

function fieldOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    "",
  );
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    given,
  );
}

/** The position of a path in the text, or of its longest part that exists. */
function rangeOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
): readonly [number, number] {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find(
          (each) => isPair(each) && isScalar(each.key) && String(each.key.value) === String(key),
        )
      : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length), true);
    const range = (node as { range?: readonly [number, number, number] | null } | undefined)?.range;
    if (range) return [range[0], range[1]];
  }
  return [0, 0];
}
