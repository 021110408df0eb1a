export { ListenError } from "./rpc/listen.js";
export { type RunningServer, startServer } from "./server.js";
export type { ServerOptions } from "./server-options.js";
