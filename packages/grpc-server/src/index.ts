export { ListenError } from "./listen.js";
export { type RunningServer, type ServerOptions, startServer } from "./server.js";
