export { plain } from "./plain.js";
export { type Column, table } from "./table.js";
export { formatTimeSpan, parseTime, parseTimeSpan } from "./times.js";
export * from "./units.js";
export { waterfall } from "./waterfall.js";
