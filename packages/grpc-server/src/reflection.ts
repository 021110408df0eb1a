import type { Server } from "@grpc/grpc-js";
import type { EnumTypeDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { fileDescriptors } from "./protos.js";

/** Made once: it says the same for every server, and reading all files takes a while. */
let service: ReflectionService | undefined;

/** Adds gRPC reflection, v1 and v1alpha. */
export function registerReflection(server: Server): void {
  service ??= createService();
  service.addToServer(server);
}

function createService(): ReflectionService {
  // ReflectionService reads nothing of a definition but the descriptors that it carries.
  const carrier: EnumTypeDefinition = {
    format: "Protocol Buffer 3 EnumDescriptorProto",
    type: {},
    fileDescriptorProtos: fileDescriptors(),
  };
  return new ReflectionService({ carrier });
}
