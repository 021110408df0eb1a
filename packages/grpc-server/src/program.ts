// For programs around the server: its configuration and the stores of that.
export type { JaegerIndices, JaegerIndicesOptions } from "@spanstore/elasticsearch";
export type { ManticoreMaintenance } from "@spanstore/manticore";
export { type Address, formatAddress, parseAddress } from "@spanstore/rpc";
export { type Environment, tokenVariable } from "./config/environment.js";
export { exposureOf } from "./config/exposure.js";
export { fileProblem, isSystemError } from "./config/file-problem.js";
export { readFlags } from "./config/flags.js";
export { formatValue } from "./config/format-value.js";
export { helpText, sources } from "./config/help/help.js";
export { wrapped } from "./config/help/wrap.js";
export { configOf } from "./config/load.js";
export {
  type Config,
  configSchema,
  environmentName,
  type OptionName,
  optionNames,
} from "./config/options.js";
export { serveOptions } from "./config/serve-options.js";
export { hint, UsageError } from "./config/usage-error.js";
export { address, count } from "./config/values.js";
export { diagnoseBackend, diagnoseStore } from "./engines/diagnose.js";
export { openJaegerIndices, openManticoreMaintenance } from "./engines/maintenance.js";
export { openStore, type StoreRole, sqlitePath } from "./engines/open-store.js";
export { memoryBound } from "./limits/memory-bound.js";
export { type RunOptions, run } from "./run.js";
export { openDeadLetterFile } from "./upkeep/dead-letter-file.js";
export { boundaryOf, keepMsOf, type RetentionPolicy } from "./upkeep/retention.js";
