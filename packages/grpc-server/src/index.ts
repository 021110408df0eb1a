export { type ConnectOptions, connectSpanStore } from "./client/connect.js";
export { ListenError } from "./listen.js";
export { type RunningServer, type ServerOptions, startServer } from "./server.js";
