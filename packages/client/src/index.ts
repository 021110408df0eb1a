export { type ConnectOptions, connectSpanStore } from "./connect.js";
export type { ClientTls } from "./connection/client-tls.js";
