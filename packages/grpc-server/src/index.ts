export type { ClientTls } from "./client/client-tls.js";
export { type ConnectOptions, connectSpanStore } from "./client/connect.js";
export { ListenError } from "./listen.js";
export { type RunningServer, startServer } from "./server.js";
export type { ServerOptions } from "./server-options.js";
export { waterfall } from "./text/waterfall.js";
