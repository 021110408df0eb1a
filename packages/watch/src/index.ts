export { type ParsedWatchFile, parseWatchFile } from "./file/parse-watch-file.js";
export type { Metric, MetricWatch, Receiver, SpansWatch, Watch, WatchFile } from "./file/watch-file.js";
export { type Episode, replayWatches } from "./replay.js";
export { startWatcher, type WatchEvents, type Watcher, type WatcherOptions } from "./watcher.js";
