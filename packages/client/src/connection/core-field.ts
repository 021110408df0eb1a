/** Fields of the protocol's requests, without `query.`, and their names in core. */
const names: readonly (readonly [protocol: string, core: string])[] = [
  ["start_time_min", "startTimeMin"],
  ["start_time_max", "startTimeMax"],
  ["duration_min", "minDuration"],
  ["duration_max", "maxDuration"],
  ["pagination.page_size", "page.size"],
  ["pagination.page_token", "page.token"],
  ["pagination", "page"],
  ["start_time", "startTimeMin"],
  ["end_time", "startTimeMax"],
];

/** Translates the protocol's name of a field to core's, for the caller of a SpanStore. */
export function coreField(field: string): string {
  const id = /^query(\[\d+\])\.trace_id$/.exec(field);
  if (id !== null) return `traceIds${id[1]}`;
  const inner = field.replace(/^query\./, "");
  const order = /^order_by(\[\d+\])/.exec(inner);
  if (order !== null) return `orderBy${order[1]}`;
  return names.find(([protocol]) => protocol === inner)?.[1] ?? inner;
}
