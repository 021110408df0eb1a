import { SpanStoreError } from "@spanstore/core";
import { checkWindowLength, differingOption, type Finding, type WindowLength } from "@spanstore/core/engine";
import type { Client } from "../connection/client.js";
import { failureOf } from "../connection/errors.js";
import type { Settings } from "../options.js";
import { createNaming, type Naming } from "./naming.js";
import { controlIndex, controlTemplate, datedTemplate, type Marked, schemaVersion } from "./schema.js";
import { createWindows } from "./windows.js";

/** The state of a namespace. */
export interface NamespaceFound {
  /** The window length that it was made with; undefined when no remaining index or template says it. */
  readonly window: WindowLength | undefined;
  /** The control index; `unmarked`: Elasticsearch made it for a write, without the template. */
  readonly control: "whole" | "unmarked" | "gone";
}

interface Mapping extends Marked {
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** The fields of the documents in a control index. */
const controlFields = new Set(["epoch", "generation", "servers", "seen", "id", "made", "dictionary"]);
const doing = "cannot open the store";
const nanosPerDay = 86_400_000_000_000n;
/** The epoch was a Thursday, and weeks begin on Mondays. */
const mondayOffset = 3n;

/**
 * Makes the control index of a namespace, unless it exists, and puts its templates.
 * @returns the window length that it was made with.
 * @throws INCOMPATIBLE_SCHEMA when a newer version, or another program, made it.
 */
export async function prepareNamespace(
  client: Client,
  prefix: string,
  settings: Settings,
): Promise<WindowLength> {
  let found = await lookAtNamespace(client, prefix);
  if (found === undefined || found.control === "gone") {
    await makeControl(client, `${prefix}control`, found?.window ?? settings.window, settings);
    // Another server may have made it first.
    found = (await lookAtNamespace(client, prefix)) ?? found;
  }
  const window = found?.window ?? settings.window;
  const naming = namingOf(prefix, window);
  if (found?.control === "unmarked") await markControl(client, naming.control, window, settings);
  await putTemplates(client, naming, window, settings);
  return window;
}

/**
 * Looks at a namespace and changes nothing; undefined when there is none.
 * @throws INCOMPATIBLE_SCHEMA when a newer version, or another program, made it.
 */
export async function lookAtNamespace(client: Client, prefix: string): Promise<NamespaceFound | undefined> {
  const control = `${prefix}control`;
  const mapping = await mappingOf(client, control);
  const known = windowOf(mapping);
  if (known !== undefined) return { window: known, control: "whole" };
  const naming = namingOf(prefix, "day");
  const templates = await Promise.all(
    [naming.controlTemplate, naming.template].map((name) => templateMark(client, name)),
  );
  const names = await datedNames(client, prefix, naming);
  const isOurs = templates.some((mark) => mark !== undefined) || names.length > 0;
  if (mapping !== undefined && !(isOurs && isControl(mapping))) {
    throw new SpanStoreError("INCOMPATIBLE_SCHEMA", `the index ${control} belongs to another program`, {
      field: "prefix",
      hint: "choose another prefix",
    });
  }
  if (!isOurs) return undefined;
  const window = templates.map(windowOf).find((each) => each !== undefined) ?? windowOfNames(names);
  return { window, control: mapping === undefined ? "gone" : "unmarked" };
}

/** What to say of a window that is not the one that the store was made with. */
export function windowDifferences(own: WindowLength, made: WindowLength): readonly Finding[] {
  if (own === made) return [];
  return [differingOption("window", own, made, `indices of one ${made} are made`)];
}

/** Makes the control index unless it exists. */
export async function makeControl(
  client: Client,
  control: string,
  window: WindowLength,
  settings: Settings,
): Promise<void> {
  try {
    await client.request(
      { method: "PUT", path: `/${control}`, body: controlIndex(window, settings) },
      { doing, expects: ["exists"] },
    );
  } catch (error) {
    if (failureOf(error) !== "exists") throw error;
  }
}

async function markControl(
  client: Client,
  control: string,
  window: WindowLength,
  settings: Settings,
): Promise<void> {
  const { mappings } = controlIndex(window, settings) as { readonly mappings: object };
  await client.request({ method: "PUT", path: `/${control}/_mapping`, body: mappings }, { doing });
}

/** Puts the templates. They apply to indices made later. */
async function putTemplates(
  client: Client,
  naming: Naming,
  window: WindowLength,
  settings: Settings,
): Promise<void> {
  const templates: readonly (readonly [string, object])[] = [
    [naming.template, datedTemplate(naming, window, settings)],
    [naming.controlTemplate, controlTemplate(naming, window, settings)],
  ];
  for (const [name, body] of templates) {
    await client.request({ method: "PUT", path: `/_index_template/${name}`, body }, { doing });
  }
}

async function mappingOf(client: Client, index: string): Promise<Mapping | undefined> {
  try {
    const found = await client.request<Readonly<Record<string, { readonly mappings?: Mapping }>>>(
      { method: "GET", path: `/${index}/_mapping` },
      { doing, expects: ["no index"] },
    );
    return found[index]?.mappings ?? {};
  } catch (error) {
    if (failureOf(error) === "no index") return undefined;
    throw error;
  }
}

/** The mark of a template; undefined when there is no template, or one of another program. */
async function templateMark(client: Client, name: string): Promise<Marked | undefined> {
  try {
    const { index_templates: found = [] } = await client.request<{
      readonly index_templates?: readonly { readonly index_template?: Marked }[];
    }>(
      { method: "GET", path: `/_index_template/${name}`, query: { filter_path: "**._meta" } },
      { doing, expects: ["refused"] },
    );
    const template = found[0]?.index_template;
    return template?._meta?.spanstore === undefined ? undefined : template;
  } catch (error) {
    if (failureOf(error) === "refused") return undefined;
    throw error;
  }
}

/** @throws INCOMPATIBLE_SCHEMA when a newer version made it. */
function windowOf(marked: Marked | undefined): WindowLength | undefined {
  const mark = marked?._meta?.spanstore;
  if (mark === undefined) return undefined;
  if (mark.version > schemaVersion) {
    throw new SpanStoreError(
      "INCOMPATIBLE_SCHEMA",
      `the indices were made by a newer version (${mark.version})`,
      { hint: "use that version, or another prefix" },
    );
  }
  if (mark.window !== undefined) checkWindowLength(mark.window);
  return mark.window;
}

function isControl({ properties = {} }: Mapping): boolean {
  return Object.keys(properties).every((name) => controlFields.has(name));
}

/** The window names of the dated indices. */
async function datedNames(client: Client, prefix: string, { pattern }: Naming): Promise<string[]> {
  const found = await client.request<Readonly<Record<string, unknown>>>(
    { method: "GET", path: `/${pattern}/_settings/index.uuid`, query: { expand_wildcards: "all" } },
    { doing },
  );
  const start = `${prefix}spans-`;
  return Object.keys(found)
    .map((index) => index.slice(start.length))
    .filter((name) => /^\d{8}(\d\d)?$/.test(name));
}

/** Infers the window length from names: weeks begin on Mondays. */
function windowOfNames(names: readonly string[]): WindowLength | undefined {
  if (names.some((name) => name.length === 10)) return "hour";
  const days = createWindows("day", () => 0n);
  const starts = names.flatMap((name) => days.named(name)?.startUnixNano ?? []);
  if (starts.some((start) => (start / nanosPerDay + mondayOffset) % 7n !== 0n)) return "day";
  return starts.length > 1 ? "week" : undefined;
}

function namingOf(prefix: string, window: WindowLength): Naming {
  return createNaming(
    prefix,
    createWindows(window, () => 0n),
  );
}
