export { createHttpFace, type HttpFace, type ListenOptions } from "./face.js";
export type {
  BodyPlace,
  FinishedCall,
  HttpCall,
  HttpCaller,
  HttpFaceOptions,
  Need,
} from "./options.js";
export type { HttpAddress, HttpTls } from "./wire/listen.js";
