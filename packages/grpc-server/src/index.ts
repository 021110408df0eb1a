export { ListenError } from "@spanstore/rpc";
export { type RunningServer, startServer } from "./server.js";
export type { ServerOptions } from "./server-options.js";
