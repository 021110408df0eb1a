export { type ArrivalListener, type Arrivals, createArrivals } from "./beyond/arrivals.js";
export { createHttpFace, type HttpFace, type ListenOptions } from "./face.js";
export type {
  BodyPlace,
  FinishedCall,
  HttpCall,
  HttpCaller,
  HttpFaceOptions,
  Need,
  PortConnections,
  ServerFacts,
} from "./options.js";
export { shownTraces, type TraceReading, type WholeTrace } from "./search/read-traces.js";
export { traceOf as shownTrace } from "./search/whole-trace.js";
export type { HttpAddress, HttpTls } from "./wire/listen.js";
