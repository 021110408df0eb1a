export type {
  CallLog,
  Requests,
  StreamMethod,
  UnaryMethod,
  UploadMethod,
  UploadRequest,
} from "./answering/calls.js";
export {
  registerServices,
  type ServiceMethods,
  type Services,
  type ServicesOptions,
} from "./answering/services.js";
export { messageBytes } from "./arriving/arriving-message.js";
export { createRoom, type Party, type Room, type RoomOptions } from "./arriving/room.js";
export { type Intake, type WireOptions, wireCalls } from "./arriving/wire-calls.js";
export { type ChangingCertificates, serverCredentials } from "./grpc-js.js";
export { type Health, type HealthSource, registerHealth } from "./health.js";
export { type Connections, createConnections, peerOf } from "./ports/connections.js";
export {
  type Address,
  formatAddress,
  type GrpcPort,
  ListenError,
  listenError,
  listenGrpc,
  listenHttp,
  parseAddress,
} from "./ports/listen.js";
export { connectionsWithin, openFileLimit } from "./ports/open-files.js";
export { createReflection } from "./reflection/reflection.js";
export { statusOfError } from "./status.js";
